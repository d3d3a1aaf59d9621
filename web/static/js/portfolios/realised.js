// What sales brought, the newest first.

import { api } from "../api.js";
import { fill, h, notify } from "../dom.js";
import { table } from "../evidence/figures.js";
import { formatDay } from "../format.js";
import { tickerAddress } from "../tickers.js";
import { formatExact, formatGain, formatMoney, toneOfGain } from "./money.js";

const AT_ONCE = 50;

/** @param {any} portfolio */
export async function realised(portfolio) {
  const path = `/portfolios/${portfolio.id}/realised`;
  const currency = portfolio.base_currency;
  const columns = [
    { title: "Sold", cell: ({ sold }) => formatDay(sold) },
    { title: "Ticker", cell: ({ ticker }) => h("a", { href: tickerAddress(ticker) }, ticker) },
    { title: "Bought", cell: ({ acquired }) => formatDay(acquired) },
    { title: "Quantity", style: "number", cell: ({ quantity }) => formatExact(quantity) },
    { title: "Proceeds", style: "number", cell: ({ proceeds, currency: name }) => formatMoney(proceeds, name) },
    { title: "Cost", style: "number", cell: ({ cost, cost_currency: name }) => formatMoney(cost, name) },
    { title: `Gain, ${currency}`, style: "number", cell: ({ gain_base: gain }) => h("span", { class: toneOfGain(gain) }, formatGain(gain)) },
  ];
  const rows = (items) => table("What was sold", columns, items, { style: "as-cards" });
  const first = await api.get(path, { limit: AT_ONCE });
  if (!first.items.length) return h("p", { class: "soft" }, "Nothing was sold.");
  const view = rows(first.items);
  const more = h("div", { class: "row" });
  const offer = (cursor) => fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show more"));
  const next = async (cursor, button) => {
    button.disabled = true;
    try {
      const page = await api.get(path, { limit: AT_ONCE, cursor });
      view.querySelector("tbody")?.append(.../** @type {any} */ (rows(page.items).querySelectorAll("tbody tr")));
      offer(page.next_cursor);
    } catch (error) {
      button.disabled = false;
      notify(`The next sales did not come. ${error.words ?? error.message}`, { problem: true });
    }
  };
  offer(first.next_cursor);
  return [view, more];
}
