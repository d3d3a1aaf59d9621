// The form of a portfolio: a new one, or what is changed of one.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { suggestionsFor } from "../ticker-suggestions.js";
import { field, select } from "../widgets.js";

const METHODS = [
  ["fifo", "the oldest shares first"],
  ["average", "the same part of all shares"],
];

/** @param {any} portfolio - null for a new one @param {import("../references.js").References} references @param {(made: any) => void} onDone */
export function portfolioForm(portfolio, references, onDone) {
  const id = portfolio ? "change" : "new";
  const text = (name, more) => h("input", { id: `${id}-${name}`, name, autocomplete: "off", "aria-describedby": `${id}-problem`, ...more });
  const name = text("name", { maxlength: 60, value: portfolio?.name ?? "", required: true });
  const currency = text("currency", { maxlength: 3, class: "ticker-field short", value: portfolio?.base_currency ?? "USD", autocapitalize: "characters", spellcheck: "false" });
  const held = portfolio?.benchmark ?? "";
  const benchmark = text("benchmark", { maxlength: 220, class: "beside-field", value: references.labelOf(held), placeholder: "SPY, or nothing", autocapitalize: "none", spellcheck: "false" });
  const method = select(`${id}-method`, METHODS, portfolio?.cost_method ?? "fifo");
  const trouble = h("p", { class: "field-problem", id: `${id}-problem`, role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, portfolio ? "Change" : "Make");
  const controls = { name, base_currency: currency, benchmark, cost_method: method };
  /** @type {(words: string, wrong?: HTMLElement | null) => void} */
  const complain = (words, wrong = null) => {
    for (const control of Object.values(controls)) control.removeAttribute("aria-invalid");
    fill(trouble, words);
    wrong?.setAttribute("aria-invalid", "true");
    wrong?.focus();
  };
  const besideField = field("Beside", benchmark);
  besideField.append(suggestionsFor(benchmark, references.labels));
  const form = h(
    "form",
    { class: "portfolio-form", novalidate: true, "aria-label": portfolio ? "Change the portfolio" : "Make a portfolio" },
    field("Name", name),
    field("Currency", currency),
    besideField,
    field("A sale takes", method),
    button,
    trouble,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const beside = benchmark.value.trim();
    if (!name.value.trim()) return complain("Give it a name.", name);
    if (!/^[a-z]{3}$/i.test(currency.value.trim())) return complain("Currency: three letters, such as EUR.", currency);
    if (beside && references.referenceOf(beside) === null) return complain("Beside: a ticker such as SPY, a portfolio or an index from the list, or nothing.", benchmark);
    const body = {
      name: name.value.trim(),
      base_currency: currency.value.trim().toUpperCase(),
      benchmark: references.referenceOf(beside),
      cost_method: method.value,
      ...(portfolio && { version: portfolio.version }),
    };
    button.disabled = true;
    try {
      const made = portfolio ? await api.patch(`/portfolios/${portfolio.id}`, body) : await api.post("/portfolios", body);
      complain("");
      onDone(made);
    } catch (error) {
      complain(error.words ?? error.message, controls[error.errors?.[0]?.field] ?? name);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}
