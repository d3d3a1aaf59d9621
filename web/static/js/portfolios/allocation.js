// How the value is spread over what is held: areas, and the same as a table.

import { h } from "../dom.js";
import { folded, formatHit, table } from "../evidence/figures.js";
import { tickerAddress } from "../tickers.js";
import { formatMoney } from "./money.js";
import { treemap } from "./treemap.js";

/**
 * @param {{ticker: string | null, value: number}[]} parts - what is held; without a ticker, cash
 * @param {string} currency
 */
export function allocation(parts, currency) {
  const owned = parts.filter(({ value }) => value > 0).sort((one, other) => other.value - one.value);
  const owed = parts.filter(({ value }) => value < 0);
  const whole = owned.reduce((sum, { value }) => sum + value, 0);
  if (whole <= 0) return h("p", { class: "soft" }, "Nothing is held that has a value.");
  const rows = owned.map(({ ticker, value }) => ({ name: ticker ?? "Cash", value, share: value / whole, href: ticker && tickerAddress(ticker) }));
  const columns = [
    { title: "Holding", cell: ({ name, href }) => (href ? h("a", { href }, name) : name) },
    { title: currency, style: "number", cell: ({ value }) => formatMoney(value) },
    { title: "Share", style: "number", cell: ({ share }) => formatHit(share) },
  ];
  return [
    treemap(rows.map((row) => ({ ...row, words: `${row.name}: ${formatHit(row.share)}, ${formatMoney(row.value, currency)}` }))),
    owed.length > 0 && h("p", { class: "small soft" }, `Owed besides: ${formatMoney(-owed.reduce((sum, { value }) => sum + value, 0), currency)}.`),
    folded("The allocation as a table", () => table("Allocation", columns, rows, { style: "capped" })),
  ];
}
