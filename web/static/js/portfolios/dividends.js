// Dividends that companies paid on what was held and that are not booked yet: each is booked with the tax that was withheld, or left out.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { table } from "../evidence/figures.js";
import { formatDay, formatWhole } from "../format.js";
import { tickerAddress } from "../tickers.js";
import { formatExact, formatMoney } from "./money.js";

const AT_ONCE = 50;
const DECIMAL = /^\d+(\.\d+)?$/;

/** @param {any} portfolio @param {boolean} canChange @param {() => void} onDecided */
export async function dividends(portfolio, canChange, onDecided) {
  const path = `/portfolios/${portfolio.id}/dividends`;
  const { items, next_cursor: more } = await api.get(path, { state: "proposed", limit: AT_ONCE });
  if (!items.length) return h("p", { class: "soft" }, "No dividend waits to be booked.");
  const decide = async (button, send, words) => {
    button.disabled = true;
    try {
      await send();
      notify(words);
      onDecided();
    } catch (error) {
      button.disabled = false;
      notify(error.words ?? error.message, { problem: true });
    }
  };
  const taxOf = (at) => h("input", { id: `dividend-tax-${at}`, class: "number", inputmode: "decimal", autocomplete: "off", placeholder: "0" });
  const taxes = items.map((_, at) => taxOf(at));
  const book = (item, at, button) => {
    const tax = taxes[at].value.trim();
    taxes[at].removeAttribute("aria-invalid");
    if (tax && !DECIMAL.test(tax)) {
      taxes[at].setAttribute("aria-invalid", "true");
      taxes[at].focus();
      return;
    }
    const currency = item.currency ?? portfolio.base_currency;
    decide(button, () => api.post(path, { items: [{ key: item.key, currency, ...(tax && { tax }) }] }), `The dividend of ${item.ticker} is booked.`);
  };
  const named = ({ ticker, ex_day: day }) => `the dividend of ${ticker} of ${formatDay(day)}`;
  const commands = ({ item, at }) =>
    h(
      "div",
      { class: "row" },
      h("label", { class: "small", for: taxes[at].id }, "Tax", h("span", { class: "visually-hidden" }, ` of ${named(item)}`)),
      taxes[at],
      h("button", { type: "button", "aria-label": `Book ${named(item)}`, onclick: (event) => book(item, at, event.currentTarget) }, "Book"),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": `Leave out ${named(item)}`,
          onclick: (event) => decide(event.currentTarget, () => api.post(`${path}/dismissals`, { keys: [item.key] }), "It is left out."),
        },
        "Leave out",
      ),
    );
  const columns = [
    { title: "Ex-date", cell: ({ item }) => formatDay(item.ex_day) },
    { title: "Ticker", cell: ({ item }) => h("a", { href: tickerAddress(item.ticker) }, item.ticker) },
    { title: "Held", style: "number", cell: ({ item }) => formatExact(item.quantity) },
    { title: "For one", style: "number", cell: ({ item }) => formatExact(item.per_share) },
    { title: "Amount", style: "number", cell: ({ item }) => formatMoney(item.amount, item.currency ?? "") },
    ...(canChange ? [{ title: "", style: "commands", cell: commands }] : []),
  ];
  const rows = items.map((item, at) => ({ item, at }));
  return [
    h("p", { class: "small soft" }, "By the corporate actions that are known; nothing is booked by itself."),
    table("Dividends that wait to be booked", columns, rows, { style: "as-cards", mark: ({ item }) => ({ dividend: item.key }) }),
    more && h("p", { class: "small soft" }, `The newest ${formatWhole(items.length)} are shown.`),
  ].filter(Boolean);
}
