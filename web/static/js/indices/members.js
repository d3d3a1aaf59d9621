// The members of an index with their weights, and the ledger of its rebalancings.

import { h } from "../dom.js";
import { folded, formatHit, formatPoints, table } from "../evidence/figures.js";
import { formatCount, formatDay, formatPrice } from "../format.js";
import { tickerAddress } from "../tickers.js";
import { kindName } from "./words.js";

export function memberTable({ items }) {
  const columns = [
    { title: "Member", cell: ({ ticker, name }) => [h("a", { href: tickerAddress(ticker) }, ticker), name && h("div", { class: "small soft" }, name)] },
    { title: "Sector", cell: ({ sector }) => sector ?? "–" },
    { title: "Target", style: "number", cell: ({ target }) => formatHit(target) },
    { title: "Weight now", style: "number", cell: ({ weight }) => formatHit(weight) },
    { title: "Drift, points", style: "number", cell: ({ drift }) => formatPoints(drift) },
    { title: "Close", style: "number", cell: ({ close }) => formatPrice(close) },
  ];
  return table("The members and their weights", columns, items, { style: "as-cards", mark: ({ ticker }) => ({ member: ticker }) });
}

export function ledgerTable(items) {
  const held = ({ positions }) => positions.filter(({ after }) => after > 0).length;
  const columns = [
    { title: "At the close of", cell: ({ day }) => formatDay(day) },
    { title: "By closes up to", cell: ({ reference_day: day }) => formatDay(day) },
    { title: "What", cell: ({ kind, why, positions }) => [kindName(kind), h("div", { class: "small soft" }, why), changesOf(positions)] },
    { title: "Members", style: "number", cell: held },
    { title: "Turnover", style: "number", cell: ({ turnover }) => formatHit(turnover) },
    { title: "Cost, basis points", style: "number", cell: ({ cost }) => formatPrice(10_000 * cost) },
  ];
  return table("The ledger of rebalancings", columns, items, { style: "as-cards", mark: ({ number }) => ({ rebalancing: number }) });
}

const LEAST_CHANGE = 0.0005; // of a weight, below which it reads the same before and after
const MOST_CHANGES = 50;

/** What was bought and sold, the largest changes first. */
function changesOf(positions) {
  const changes = positions.filter(({ before, after }) => Math.abs(after - before) >= LEAST_CHANGE);
  if (!changes.length) return null;
  const size = ({ before, after }) => Math.abs(after - before);
  const shown = [...changes].sort((one, other) => size(other) - size(one)).slice(0, MOST_CHANGES);
  const words = ({ ticker, before, after }) => `${after > before ? "Bought" : "Sold"} ${ticker}: ${formatHit(before)} → ${formatHit(after)}`;
  return folded(formatCount(changes.length, "weight changed", "weights changed"), () =>
    h(
      "ul",
      { class: "index-notes small" },
      shown.map((change) => h("li", {}, words(change))),
      changes.length > shown.length && h("li", {}, `and ${formatCount(changes.length - shown.length, "smaller one", "smaller ones")}`),
    ),
  );
}

/** Who is no member, by the reason. @param {Record<string, string>} leftOut */
export function leftOutList(leftOut) {
  /** @type {Map<string, string[]>} */
  const byReason = new Map();
  for (const [ticker, why] of Object.entries(leftOut)) byReason.set(why, [...(byReason.get(why) ?? []), ticker]);
  const count = Object.keys(leftOut).length;
  if (!count) return null;
  return folded(`${formatCount(count, "ticker is", "tickers are")} no member`, () =>
    h(
      "ul",
      { class: "index-notes small" },
      [...byReason].map(([why, tickers]) => h("li", {}, `${tickers.join(", ")}: ${why}`)),
    ),
  );
}
