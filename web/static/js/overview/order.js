// The orders of the list: by a column, either way, or by hand.

import { fill, h } from "../dom.js";

export const BY_HAND = "hand";

export const close = (item) => item.closes.at(-1) ?? item.latest?.close ?? null;
const score = (item) => item.latest?.score ?? null;
const move = (item) => (item.latest && item.previous ? item.latest.score - item.previous.score : null);
const changedAt = (item) => (item.change ? Date.parse(item.change.at) : null);

/** What the rows are ordered by; null stands last either way. @type {Record<string, {name: string, value: (item: any) => any, first: "" | "-"}>} */
const ORDERS = {
  ticker: { name: "Ticker", value: (item) => item.ticker, first: "" },
  change: { name: "Newest change", value: changedAt, first: "-" },
  verdict: { name: "Verdict", value: score, first: "-" }, // a verdict is a range of the score
  score: { name: "Score", value: score, first: "-" },
  move: { name: "Score change", value: move, first: "-" },
  day: { name: "Day change", value: (item) => item.change_percent, first: "-" },
  close: { name: "Close", value: close, first: "-" },
  [BY_HAND]: { name: "By hand", value: (item) => item.position, first: "" },
};
// As they are offered: each the way that is asked for most.
const WAYS = { change: "Newest change", "-verdict": "Verdict, best first", "-score": "Score, highest first", "-move": "Score change, highest first", "-day": "Day change, highest first" };

const keyOf = (sort) => sort.replace(/^-/, "");
const isLess = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** The order that pressing a heading asks for: its usual way first, then the other. */
export function pressed(sort, key) {
  const usual = ORDERS[key].first;
  const other = usual === "-" ? "" : "-";
  return sort === `${usual}${key}` ? `${other}${key}` : `${usual}${key}`;
}

/** The items in the order of `sort` ("-" before a key for descending); those without a value come last either way. */
export function sorted(items, sort) {
  const sign = sort.startsWith("-") ? -1 : 1;
  const { value } = ORDERS[keyOf(sort)] ?? ORDERS.ticker;
  return items
    .map((item) => [value(item), item])
    .sort(([a, first], [b, second]) => Number(a === null) - Number(b === null) || (a === null ? 0 : sign * isLess(a, b)) || isLess(first.ticker, second.ticker))
    .map(([, item]) => item);
}

/** Offer the orders in a select, with the one that is chosen even where only a heading leads to it. */
export function offerOrders(select, sort) {
  const offered = [["ticker", "Ticker"], ["-change", WAYS.change], ...Object.entries(WAYS).filter(([key]) => key !== "change"), [BY_HAND, ORDERS[BY_HAND].name]];
  const isKnown = ORDERS[keyOf(sort)] !== undefined;
  if (isKnown && !offered.some(([value]) => value === sort)) offered.push([sort, `${ORDERS[keyOf(sort)].name}, ${sort.startsWith("-") ? "descending" : "ascending"}`]);
  fill(
    select,
    offered.map(([value, name]) => h("option", { value, selected: value === (isKnown ? sort : "ticker") }, name)),
  );
}

/** Show in the headings what the rows are sorted by. */
export function markSort(head, sort) {
  for (const cell of head.children) {
    if (cell.dataset.sort === keyOf(sort)) cell.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
}
