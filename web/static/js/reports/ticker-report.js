// The report of one ticker: its latest result by a strategy, its history over a period.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { suggestionsFor } from "../ticker-suggestions.js";
import { isTicker } from "../tickers.js";
import { field, select } from "../widgets.js";
import { outcomeLine, saveWith, trouble } from "./saving.js";

/** The card. `values` are the address's, `keep(values)` puts them back there; `strategies` are [id, name] pairs. */
export function tickerReport(values, strategies, keep) {
  const ticker = h("input", {
    id: "report-ticker",
    name: "ticker",
    value: values.ticker,
    maxlength: "20",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    "aria-describedby": "report-ticker-problem",
    oninput: () => changed(),
  });
  const strategy = select("report-strategy", strategies, values.strategy, () => changed());
  const start = h("input", { id: "report-start", name: "start", type: "date", value: values.start, "aria-describedby": "report-period-problem", onchange: () => changed() });
  const end = h("input", { id: "report-end", name: "end", type: "date", value: values.end, "aria-describedby": "report-period-problem", onchange: () => changed() });
  const tickerProblem = h("p", { class: "field-problem", id: "report-ticker-problem" });
  const periodProblem = h("p", { class: "field-problem", id: "report-period-problem" });
  const submit = h("button", { type: "submit", class: "primary", id: "download-ticker-report" }, "Download Excel");
  const outcome = outcomeLine("ticker-report-outcome");

  const chosen = () => ({ ticker: ticker.value.trim().toUpperCase(), strategy: strategy.value, start: start.value, end: end.value });
  const changed = () => {
    mark(ticker, tickerProblem, "");
    mark(start, periodProblem, "");
    fill(outcome);
    keep(chosen());
  };

  function isSound({ ticker: symbol, start: from, end: until }) {
    const words = !symbol ? "Which ticker?" : isTicker(symbol) ? "" : "A ticker has 1 to 20 characters: letters, digits and . & ^ = _ -, the first a letter, a digit or ^.";
    mark(ticker, tickerProblem, words);
    const isBackward = from && until && from > until;
    mark(start, periodProblem, isBackward ? "The period ends before it begins." : "");
    if (words) ticker.focus();
    else if (isBackward) start.focus();
    return !words && !isBackward;
  }

  async function save() {
    const wanted = chosen();
    if (!isSound(wanted)) return;
    const path = `/reports/analysis/${encodeURIComponent(wanted.ticker)}.xlsx`;
    const request = { path, params: { strategy: wanted.strategy, start: wanted.start, end: wanted.end }, name: `${wanted.ticker}.xlsx` };
    await saveWith(submit, outcome, request, (error) => explain(error, wanted));
  }

  /** What this page has to say to a problem; null leaves it to the service's own words, which speak to callers of the API. */
  function explain(error, wanted) {
    if (error.code === "ticker_not_found")
      return [h("p", { class: "field-problem" }, `There are no prices for ${wanted.ticker}.`), h("p", {}, h("a", { href: "/prices" }, "Upload its prices"), " first, or correct the ticker.")];
    if (error.code !== "not_found") return null;
    const name = strategies.find(([id]) => id === wanted.strategy)?.[1] ?? wanted.strategy;
    const button = h("button", { type: "button", id: "analyse-first", onclick: () => analyse(wanted, button) }, "Analyse it now, then download");
    return [h("p", { class: "field-problem" }, `${wanted.ticker} has not been analysed by the strategy ${name} yet.`), button];
  }

  async function analyse(wanted, pressed) {
    pressed.disabled = true;
    try {
      await api.post("/analyze", { ticker: wanted.ticker, strategy: wanted.strategy });
    } catch (error) {
      fill(outcome, trouble(error));
      return;
    }
    await save();
  }

  return h(
    "section",
    { class: "card", "aria-labelledby": "ticker-report-title" },
    h("h2", { id: "ticker-report-title" }, "A ticker"),
    h("p", { class: "soft small" }, "The latest verdict explained: votes, levels, trade, prices as a chart, and past verdicts; of a period when one is given."),
    h(
      "form",
      {
        class: "report-form period-form",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          save();
        },
      },
      h("div", { class: "field" }, h("label", { for: ticker.id }, "Ticker"), ticker, tickerProblem),
      field("Strategy", strategy),
      field("From", start),
      field("Until", end),
      submit,
      suggestionsFor(ticker),
    ),
    periodProblem,
    outcome,
  );
}

function mark(input, line, words) {
  line.textContent = words;
  if (words) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}
