// Whether a record holds in both halves of the history, and the record that nobody could have seen.

import { h } from "../dom.js";
import { formatHit, formatPoints, formatReturn, table } from "../evidence/figures.js";
import { formatCount, formatDay, formatWhole } from "../format.js";
import { verdictBadge } from "../widgets.js";

const FEWEST_DAYS = 30; // of a half, to compare it at all

export function halves(at) {
  const shown = at.verdicts.filter(({ halves: parts, hit }) => hit !== null && parts.length === 2);
  const [older, newer] = shown[0]?.halves ?? [];
  const half = (place) => ({
    title: place === 0 ? "Older half" : "Newer half",
    style: "number",
    cell: ({ halves: parts }) => {
      const { hit, lift, n } = parts[place];
      return [h("div", {}, formatHit(hit)), h("div", { class: "small soft" }, hit === null ? "no day" : `${formatPoints(lift)} points, ${formatCount(n, "day", "days")}`)];
    },
  });
  const columns = [{ title: "Verdict", cell: ({ verdict }) => verdictBadge(verdict) }, half(0), half(1), { title: "In words", style: "words", cell: ({ halves: parts }) => compare(parts) }];
  return h(
    "section",
    { class: "card", "aria-labelledby": "halves-title" },
    h("h2", { id: "halves-title" }, "Did it hold in both halves?"),
    older
      ? [
          h(
            "p",
            { class: "small soft" },
            `${formatDay(older.first)} to ${formatDay(older.last)}, and ${formatDay(newer.first)} to ${formatDay(newer.last)}. Points are beside any day of the same half.`,
          ),
          table("The share of days on which each verdict was right, in each half of the history", columns, shown, { style: "as-cards" }),
        ]
      : h("p", { class: "soft" }, "No verdict with a direction has come in this history."),
  );
}

/** What two halves say together. A record that only one of them shows is none. */
function compare(parts) {
  if (parts.some(({ n }) => n < FEWEST_DAYS)) return "Too few to compare";
  const better = parts.map(({ lift }) => lift > 0);
  if (better[0] && better[1]) return "Above any day in both";
  if (!better[0] && !better[1]) return "Not above any day in either";
  return better[0] ? "Above any day in the older only" : "Above any day in the newer only";
}

export function live(at) {
  const shown = at.verdicts.filter(({ live: told }) => told);
  const columns = [
    { title: "Verdict", cell: ({ verdict }) => verdictBadge(verdict) },
    { title: "Days", style: "number", cell: ({ live: told }) => formatWhole(told.n) },
    { title: "Episodes", style: "number", cell: ({ live: told }) => formatWhole(told.episodes) },
    { title: "Right", style: "number", cell: ({ live: told }) => formatHit(told.hit) },
    { title: "Mean return", style: "number", cell: ({ live: told }) => formatReturn(told.mean) },
  ];
  return h(
    "section",
    { class: "card", "aria-labelledby": "live-title" },
    h("h2", { id: "live-title" }, "Said at the time"),
    h("p", { class: "small soft" }, "What stored results said before anybody could know what came: the only record that cannot have been chosen afterwards."),
    shown.length
      ? [h("p", { class: "small soft" }, `Since ${formatDay(shown[0].live.since)}.`), table(`What stored results said, ${at.h} days later`, columns, shown)]
      : h("p", {}, `None yet: no stored result of this version of the rules is ${at.h} trading days old with prices up to date. Analyse regularly, and it grows by itself.`),
  );
}
