// What a rule sees now.

import { h } from "../dom.js";
import { formatWhole } from "../format.js";
import { strategyName } from "../strategies.js";

const WATCHED = { ticker: "tickers", holding: "holdings", portfolio: "portfolios", index: "indexes" };

/** What a rule would see now, as a table. */
export function seenTable({ tickers, holding, items, watches }) {
  const counts = tickers
    ? `It watches ${formatWhole(tickers)} ${WATCHED[watches]}; the condition is met on ${formatWhole(holding)} of them now. Only what changes is told.`
    : "It tells when it happens; there is nothing to see now.";
  const row = (item) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("a", { href: item.link }, item.name)),
      h("td", {}, item.strategy ? strategyName(item.strategy) : ""),
      h("td", {}, item.says),
      h("td", {}, item.holds ? "Met" : ""),
    );
  return [
    h("p", { class: "small" }, counts),
    items.length > 0 && h("div", { class: "table-scroll" }, h("table", { class: "seen-table" }, h("caption", { class: "visually-hidden" }, "What the rule sees now"), h("tbody", {}, items.map(row)))),
  ];
}
