// What tomorrow's close makes of the verdict: an unchanged one first, then the nearest closes that give another.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatPercent, formatPrice, formatScore } from "../format.js";
import { verdictBadge } from "../widgets.js";

const VOTES = { 1: "up", "-1": "down", 0: "neutral" };
const SLIGHTEST = 0.0005; // of the close: a move that would be shown as 0.0 %
const SIDES = { above: ["▲", "rise"], below: ["▼", "fall"] };

/** Ask for a result's flips and say them. */
export async function flips(result, signal) {
  const answer = await api.get(`/results/${encodeURIComponent(result.id)}/flips`, {}, { signal });
  const names = new Map(result.indicators.map(({ key, name }) => [key, name]));
  return h("div", { class: "flips" }, unchanged(answer, names), flip("above", answer, names), flip("below", answer, names));
}

function unchanged({ verdict, unchanged: next }, names) {
  const keeps = next.verdict === verdict;
  return h(
    "div",
    { class: "flip", dataset: { side: "unchanged", close: next.close } },
    h(
      "p",
      {},
      "= If the next day closes unchanged at ",
      h("strong", {}, formatPrice(next.close)),
      keeps ? ", it stays " : ", it becomes ",
      verdictBadge(next.verdict),
      `, score ${formatScore(next.score)}.`,
      !keeps && " A day passes, and the indicators' windows move on.",
    ),
    !keeps && turns(next, names),
  );
}

function flip(side, answer, names) {
  const found = answer[side];
  const [arrow, move] = SIDES[side];
  const { close, verdict } = answer.unchanged;
  if (found === null) return h("p", { class: "soft flip", dataset: { side } }, `${arrow} No ${move} up to ${answer.searched_percent}% makes it anything but ${verdict}.`);
  const moved = found.close / close - 1;
  const where =
    Math.abs(moved) < SLIGHTEST ? [`${arrow} With the slightest ${move} it becomes `] : [`${arrow} At `, h("strong", {}, formatPrice(found.close)), ` (${formatPercent(moved * 100)}) it becomes `];
  return h("div", { class: "flip", dataset: { side, close: found.close } }, h("p", {}, where, verdictBadge(found.verdict), "."), turns(found, names));
}

function turns({ turns }, names) {
  return (
    turns.length > 0 &&
    h(
      "ul",
      { class: "turns small soft" },
      turns.map(({ key, vote, next_vote }) => h("li", {}, `${names.get(key) ?? key}: ${VOTES[vote]} → ${VOTES[next_vote]}`)),
    )
  );
}
