// The transactions of a portfolio: those that are chosen, newest first, and adding, correcting and removing one.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { fill, h, notify } from "../dom.js";
import { table } from "../evidence/figures.js";
import { formatDay } from "../format.js";
import { oneStopPerRow } from "../rows.js";
import { empty, show } from "../states.js";
import { tickerAddress } from "../tickers.js";
import { field, select } from "../widgets.js";
import { formatExact, formatMoney } from "./money.js";
import { TYPES, transactionForm } from "./transaction-form.js";

const AT_ONCE = 50;
const NAMES = Object.fromEntries(TYPES);

/**
 * @param {any} portfolio
 * @param {boolean} canChange
 * @param {() => void} onChange - what else shows is drawn anew
 */
export function transactionsCard(portfolio, canChange, onChange) {
  const path = `/portfolios/${portfolio.id}/transactions`;
  const ticker = h("input", { id: "filter-ticker", class: "ticker-field", maxlength: 20, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const type = select("filter-type", [["", "all types"], ...TYPES], "");
  const start = h("input", { id: "filter-start", type: "date" });
  const end = h("input", { id: "filter-end", type: "date" });
  const list = h("div", { id: "transactions" });
  const editor = h("div", { id: "transaction-editor" });
  const chosen = () => ({ ticker: ticker.value.trim().toUpperCase(), type: type.value, start: start.value, end: end.value });
  const isFiltered = () => Object.values(chosen()).some(Boolean);

  const draw = () =>
    show(list, async () => {
      const first = await api.get(path, { ...chosen(), limit: AT_ONCE });
      if (!first.items.length)
        return isFiltered()
          ? empty("No transaction is like that.", "Choose other days, another type or no ticker.")
          : empty("There is no transaction yet.", canChange ? "Add one above, or import a file below." : "");
      const view = rows(first.items);
      const more = h("div", { class: "row" });
      const offer = (cursor) => fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show more"));
      const next = async (cursor, button) => {
        button.disabled = true;
        try {
          const page = await api.get(path, { ...chosen(), limit: AT_ONCE, cursor });
          view.querySelector("tbody")?.append(.../** @type {any} */ (rows(page.items).querySelectorAll("tbody tr")));
          offer(page.next_cursor);
        } catch (error) {
          button.disabled = false;
          notify(`The next transactions did not come. ${error.words ?? error.message}`, { problem: true });
        }
      };
      offer(first.next_cursor);
      return [view, more];
    });
  const changed = () => {
    fill(editor, canChange && adder());
    draw();
    onChange();
  };
  const adder = () =>
    transactionForm(portfolio, null, () => {
      notify("The transaction is booked.");
      changed();
    });
  const correct = (transaction) => {
    const form = transactionForm(portfolio, transaction, () => {
      notify("The transaction is corrected.");
      changed();
    });
    const leave = h("button", { type: "button", class: "quiet", onclick: () => fill(editor, adder()) }, "Leave it as it is");
    fill(editor, h("h3", {}, `Correct what was booked on ${formatDay(transaction.day)}`), form, leave);
    /** @type {HTMLElement | null} */ (form.querySelector("select"))?.focus();
  };
  const remove = async (transaction) => {
    const words = "What it changed is computed anew. The audit log keeps what it was.";
    const answer = await ask({ title: `Remove ${told(transaction)}?`, words, confirm: "Remove", isDanger: true });
    if (answer === null) return;
    try {
      await api.delete(`${path}/${transaction.id}`);
      notify("The transaction is removed.");
      changed();
    } catch (error) {
      notify(`It was not removed. ${error.words ?? error.message}`, { problem: true });
    }
  };
  const rows = (items) => {
    const columns = [
      { title: "Day", cell: ({ day }) => formatDay(day) },
      { title: "Type", cell: ({ type: kind }) => NAMES[kind] ?? kind },
      { title: "Ticker", cell: ({ ticker: name }) => (name ? h("a", { href: tickerAddress(name) }, name) : "") },
      { title: "Quantity", style: "number", cell: quantityOf },
      { title: "Price", style: "number", cell: ({ price, currency }) => (price === null ? "" : `${formatExact(price)}\u00a0${currency}`) },
      { title: "Amount", style: "number", cell: ({ amount, currency }) => (amount === null ? "" : formatMoney(amount, currency)) },
      { title: "Fee", style: "number", cell: ({ fee }) => (Number(fee) ? formatMoney(fee) : "") },
      { title: "Tax", style: "number", cell: ({ tax }) => (Number(tax) ? formatMoney(tax) : "") },
      { title: "Note", style: "note-cell", cell: ({ note }) => note ?? "" },
      ...(canChange ? [{ title: "", style: "commands", cell: commands }] : []),
    ];
    const view = table("Transactions", columns, items, { style: "as-cards transactions-table", mark: ({ id }) => ({ transaction: id }) });
    const body = view.querySelector("tbody");
    if (body) oneStopPerRow(body);
    return view;
  };
  const commands = (transaction) =>
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", "aria-label": `Correct ${told(transaction)}`, onclick: () => correct(transaction) }, "Correct"),
      h("button", { type: "button", class: "danger", "aria-label": `Remove ${told(transaction)}`, onclick: () => remove(transaction) }, "Remove"),
    );

  const filter = h(
    "form",
    { class: "filter-form", novalidate: true, "aria-label": "Which transactions" },
    field("Ticker", ticker),
    field("Type", type),
    field("From", start),
    field("To", end),
    h("button", { type: "submit" }, "Show"),
  );
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
  fill(editor, canChange && adder());
  draw();
  const element = h("section", { class: "card", "aria-labelledby": "transactions-title" }, h("h2", { id: "transactions-title" }, "Transactions"), editor, filter, list);
  return { element, draw };
}

const told = ({ type, ticker, day }) => `the ${(NAMES[type] ?? type).toLowerCase()}${ticker ? ` of ${ticker}` : ""} of ${formatDay(day)}`;

function quantityOf({ type, quantity, numerator, denominator }) {
  if (type === "split") return `${numerator} for ${denominator}`;
  return quantity === null ? "" : formatExact(quantity);
}
