// The form of a transaction: which fields there are depends on its type.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { suggestionsFor } from "../ticker-suggestions.js";
import { isTicker } from "../tickers.js";
import { field, select } from "../widgets.js";

/** @type {[string, string][]} */
export const TYPES = [
  ["buy", "Buy"],
  ["sell", "Sell"],
  ["dividend", "Dividend"],
  ["deposit", "Deposit"],
  ["withdrawal", "Withdrawal"],
  ["interest", "Interest"],
  ["fee", "Fee"],
  ["tax", "Tax"],
  ["transfer_in", "Transfer in"],
  ["transfer_out", "Transfer out"],
  ["split", "Split"],
];
/** Which fields a type has, besides day, currency and note. */
const FIELDS = {
  buy: ["ticker", "quantity", "price", "fee", "tax", "fx_rate"],
  sell: ["ticker", "quantity", "price", "fee", "tax", "fx_rate"],
  dividend: ["ticker", "amount", "fee", "tax", "fx_rate"],
  deposit: ["amount", "fee", "tax", "fx_rate"],
  withdrawal: ["amount", "fee", "tax", "fx_rate"],
  interest: ["amount", "fee", "tax", "fx_rate"],
  fee: ["ticker", "amount", "fx_rate"],
  tax: ["ticker", "amount", "fx_rate"],
  transfer_in: ["ticker", "quantity", "price", "amount", "fee", "tax", "fx_rate", "acquired"],
  transfer_out: ["ticker", "quantity", "amount", "fee", "tax", "fx_rate"],
  split: ["ticker", "numerator", "denominator"],
};
const DECIMALS = { quantity: "Quantity", price: "Price for one", amount: "Amount", fee: "Fee", tax: "Tax", fx_rate: "Rate into the portfolio's currency" };
const DECIMAL = /^-?\d+(\.\d+)?$/;
const today = () => {
  const now = new Date();
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
};

/** @param {any} portfolio @param {any} transaction - null for a new one @param {() => void} onDone */
export function transactionForm(portfolio, transaction, onDone) {
  const id = transaction ? "correct" : "add";
  const text = (name, more = {}) => h("input", { id: `${id}-${name}`, name, autocomplete: "off", "aria-describedby": `${id}-problem`, value: transaction?.[name] ?? "", ...more });
  const type = select(`${id}-type`, TYPES, transaction?.type ?? "buy", () => arrange());
  /** @type {Record<string, HTMLInputElement>} */
  const controls = {
    day: text("day", { type: "date", value: transaction?.day ?? today(), max: today() }),
    ticker: text("ticker", { class: "ticker-field", maxlength: 20, autocapitalize: "none", spellcheck: "false" }),
    ...Object.fromEntries(Object.keys(DECIMALS).map((name) => [name, text(name, { inputmode: "decimal", class: "number", value: shown(transaction?.[name], name) })])),
    acquired: text("acquired", { type: "date", max: today() }),
    numerator: text("numerator", { inputmode: "numeric", class: "number" }),
    denominator: text("denominator", { inputmode: "numeric", class: "number" }),
    currency: text("currency", { maxlength: 3, class: "ticker-field short", value: transaction?.currency ?? portfolio.base_currency, autocapitalize: "characters", spellcheck: "false" }),
    note: text("note", { maxlength: 500 }),
  };
  const labels = { day: "Day", ticker: "Ticker", ...DECIMALS, acquired: "Bought on", numerator: "New shares", denominator: "for old shares", currency: "Currency", note: "Note" };
  const places = Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, field(labels[name], control)]));
  places.ticker.append(suggestionsFor(controls.ticker));
  const trouble = h("p", { class: "field-problem", id: `${id}-problem`, role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, transaction ? "Correct" : "Add");
  const form = h(
    "form",
    { class: "transaction-form", id: `${id}-form`, novalidate: true, "aria-label": transaction ? "Correct the transaction" : "Add a transaction" },
    field("Type", type),
    Object.values(places),
    button,
    trouble,
  );

  const used = () => ["day", ...FIELDS[type.value], ...(type.value === "split" ? [] : ["currency"]), "note"];
  const arrange = () => {
    const names = used();
    for (const [name, place] of Object.entries(places)) place.hidden = !names.includes(name);
  };
  /** @type {(words: string, wrong?: HTMLElement | null) => void} */
  const complain = (words, wrong = null) => {
    for (const control of Object.values(controls)) control.removeAttribute("aria-invalid");
    fill(trouble, words);
    wrong?.setAttribute("aria-invalid", "true");
    wrong?.focus();
  };
  const problem = () => {
    for (const name of used()) {
      const value = controls[name].value.trim();
      if (name === "day" && !value) return ["On which day?", controls.day];
      if (name === "ticker" && value && !isTicker(value)) return ["Ticker: a name such as AAPL or BRK.B.", controls.ticker];
      if (name in DECIMALS && value && !DECIMAL.test(value)) return [`${labels[name]}: digits, with a point before what is less than one.`, controls[name]];
    }
    return null;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = problem();
    if (wrong) return complain(.../** @type {[string, HTMLElement]} */ (wrong));
    /** @type {Record<string, any>} */
    const body = { type: type.value };
    for (const name of used()) {
      const value = controls[name].value.trim();
      if (value) body[name] = name === "numerator" || name === "denominator" ? Number(value) : value;
    }
    button.disabled = true;
    try {
      if (transaction) await api.put(`/portfolios/${portfolio.id}/transactions/${transaction.id}`, body);
      else await api.post(`/portfolios/${portfolio.id}/transactions`, body);
      complain("");
      onDone();
    } catch (error) {
      complain(error.words ?? error.message, controls[error.errors?.[0]?.field] ?? null);
    } finally {
      button.disabled = false;
    }
  });
  arrange();
  return form;
}

/** What is stored of a number: a fee or tax of nothing is left empty. */
const shown = (value, name) => ((name === "fee" || name === "tax") && Number(value) === 0 ? "" : (value ?? ""));
