// The briefing above the list: what changed since when, what failed, whose prices are old, whose verdict is older than its prices. Each part shows
// only those in the list when it is pressed.

import { byId, fill, focusedIn, h } from "../dom.js";
import { formatCount, formatDay, formatMoment } from "../format.js";
import { runAgainButton } from "../superseded.js";
import { select } from "../widgets.js";
import { beginOf, failureWords, isChanged, outdatedWords, periods } from "./facts.js";

const MOST_NAMED = 8;

/** @typedef {{key: string, title: (count: number) => string, belongs: (item: any, since: number) => boolean, say: (item: any) => string}} Part */

/** In the order of how much they matter. @type {Part[]} */
export const PARTS = [
  { key: "changed", title: (count) => formatCount(count, "verdict changed", "verdicts changed"), belongs: isChanged, say: (item) => `${item.change.former} → ${item.latest.verdict}` },
  { key: "failed", title: (count) => formatCount(count, "analysis failed", "analyses failed"), belongs: (item) => item.failure !== null, say: failureWords },
  {
    key: "old",
    title: (count) => formatCount(count, "has old prices", "have old prices"),
    belongs: (item) => item.freshness.state === "stale",
    say: (item) => `newest close of ${formatDay(item.last_day)}`,
  },
  {
    key: "superseded",
    title: (count) => formatCount(count, "verdict superseded", "verdicts superseded"),
    belongs: (item) => item.latest?.superseded ?? false,
    say: () => "of prices that were replaced since",
  },
  { key: "outdated", title: (count) => formatCount(count, "verdict older than its prices", "verdicts older than their prices"), belongs: (item) => item.is_outdated, say: outdatedWords },
];

/**
 * What there is to tell: for each part that concerns somebody, its items by what is said of them, so that one sentence is said once.
 * @param {any[]} items
 * @param {number} since - milliseconds
 */
export function briefingOf(items, since) {
  return PARTS.map(({ key, title, belongs, say }) => {
    const concerned = items.filter((item) => belongs(item, since));
    if (key === "changed") concerned.sort((a, b) => (a.change.at < b.change.at ? 1 : a.change.at > b.change.at ? -1 : 0));
    /** @type {Map<string, string[]>} */
    const groups = new Map();
    for (const item of concerned) groups.set(say(item), [...(groups.get(say(item)) ?? []), item.ticker]);
    return { key, title: title(concerned.length), count: concerned.length, groups: [...groups] };
  }).filter(({ count }) => count > 0);
}

/** What is said where a part has nobody: an answer, too. */
function restOf(told, period, items) {
  const has = (key) => told.some((part) => part.key === key);
  const rest = [
    !has("changed") && `No verdict changed in ${period}.`,
    !has("failed") && "No analysis failed.",
    !has("old") &&
      !has("outdated") &&
      !has("superseded") &&
      (items.some((item) => item.freshness.state === "late")
        ? "No prices are old, and all verdicts are of the newest close that is stored."
        : "All prices are recent, and all verdicts are of the newest close."),
  ];
  return rest.filter(Boolean).join(" ");
}

/**
 * Show the briefing.
 * @param {any[]} items
 * @param {{period: string, visit: number | null, show: string}} state
 * @param {{onShow: (key: string) => void, onPeriod: (period: string) => void, onRun: () => void, address: (ticker: string) => string}} actions
 */
export function showBriefing(items, { period, visit, show }, { onShow, onPeriod, onRun, address }) {
  const area = byId("briefing");
  const had = focusedIn(area);
  const again = had?.dataset.part ?? had?.id;
  area.hidden = items.length === 0;
  if (!items.length) return fill(area);
  const since = beginOf(period, visit);
  const told = briefingOf(items, since);
  const offered = periods(visit);
  const chosen = offered.find(([key]) => key === period) ?? offered[1];
  const choice = select("period", offered, chosen[0], (event) => onPeriod(event.target.value));
  choice.title = `Since ${formatMoment(new Date(since).toISOString())}`;
  const rest = restOf(told, chosen[1], items);
  fill(
    area,
    h("div", { class: "row briefing-head" }, h("h2", {}, "What changed"), h("label", { for: "period", class: "small soft" }, "in"), choice),
    told.length > 0 &&
      h(
        "ul",
        { class: "briefing-parts" },
        told.map((part) => partLine(part, show, { onShow, onRun, address })),
      ),
    rest && h("p", { class: "soft briefing-rest" }, rest),
  );
  if (!again) return;
  /** @type {HTMLElement | null} */
  const control = area.querySelector(`[data-part="${CSS.escape(again)}"], #${CSS.escape(again)}`);
  control?.focus();
}

function partLine({ key, title, count, groups }, show, { onShow, onRun, address }) {
  const isShown = show === key;
  const named = [];
  let left = MOST_NAMED;
  for (const [words, tickers] of groups) {
    if (left <= 0) break;
    const some = tickers.slice(0, left);
    left -= some.length;
    const links = some.flatMap((ticker, at) => [at > 0 && ", ", h("a", { href: address(ticker) }, ticker)]);
    named.push(h("span", { class: "briefing-group" }, links, ["changed", "failed"].includes(key) ? ` ${words}` : `: ${words}`));
  }
  const unnamed = count - (MOST_NAMED - left);
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `chip on-paper ${key}`,
        "aria-pressed": String(isShown),
        dataset: { part: key },
        title: isShown ? "Show all" : "Show only these",
        onclick: () => onShow(isShown ? "" : key),
      },
      title,
    ),
    named,
    unnamed > 0 && h("span", { class: "soft" }, `and ${unnamed} more`),
    key === "superseded" && runAgainButton({ tickers: groups.flatMap(([, tickers]) => tickers) }, onRun, byId("bulk")).button,
  );
}
