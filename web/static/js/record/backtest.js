// What following the verdicts would have earned: the rules to choose, and the outcome beside buy-and-hold.

import { address } from "../api.js";
import { fill, h, isFocusLost } from "../dom.js";
import { equityPicture, yearTable } from "../evidence/equity.js";
import { folded, formatGrowth } from "../evidence/figures.js";
import { formatCount, formatDay } from "../format.js";
import { loading, problem } from "../states.js";
import { saveFor } from "../transfer.js";
import { field, select } from "../widgets.js";
import { metricDefinitions, metricTable } from "./metrics.js";
import { backtest, newestOf, onBacktest, presentRules } from "./run.js";
import { tradeTable } from "./trades.js";

/** @type {[string, string][]} */
const SIDES = [
  ["long", "Only buys"],
  ["long_short", "Buys, and sells short"],
];
const MOST_COST = 1000; // basis points, as the API has them
const MOST_SLIPPAGE = 500;

export class BacktestCard {
  #ticker;
  #strategy = "";
  /** @type {any} */
  #shown = null;

  /** `showTrades()` is called where somebody wants them on the chart. @param {string} ticker @param {() => void} showTrades */
  constructor(ticker, showTrades) {
    this.#ticker = ticker;
    const rules = presentRules();
    const number = (name, value, most) => h("input", { id: `backtest-${name}`, type: "number", min: "0", max: String(most), step: "any", inputmode: "decimal", value: String(value) });
    this.cost = number("cost", rules.cost_bp, MOST_COST);
    this.slippage = number("slippage", rules.slippage_bp, MOST_SLIPPAGE);
    this.side = select("backtest-side", SIDES, rules.side, null);
    this.stops = h("input", { id: "backtest-stops", type: "checkbox" });
    this.stops.checked = rules.stops;
    this.start = h("input", { id: "backtest-start", type: "date", value: rules.start });
    this.end = h("input", { id: "backtest-end", type: "date", value: rules.end });
    this.run = h("button", { type: "submit", class: "primary" }, "Run the backtest");
    this.trouble = h("p", { class: "field-problem", role: "alert" });
    this.outcome = h("div", { id: "backtest-outcome" });
    this.save = h("button", { type: "button", id: "trades-csv", onclick: () => this.#save() }, "CSV");
    this.chart = h("button", { type: "button", id: "trades-on-chart", onclick: showTrades }, "Show the trades on the chart");
    const form = h(
      "form",
      { class: "backtest-form", "aria-label": "Rules of the backtest", novalidate: true, onsubmit: (event) => this.#submit(event) },
      field("Cost of a round trip, basis points", this.cost),
      field("Slippage of a fill, basis points", this.slippage),
      field("Trades", this.side),
      field("From", this.start),
      field("To", this.end),
      h("label", { class: "choice", for: "backtest-stops" }, this.stops, " With stops and targets"),
      this.run,
    );
    this.element = h(
      "section",
      { class: "card", "aria-labelledby": "backtest-title" },
      h("h2", { id: "backtest-title" }, "What following it would have earned"),
      h(
        "p",
        { class: "small soft" },
        "Each verdict is traded at the next open, with all capital. Every set of rules that you try is counted: the more are tried, the likelier one looks good by luck.",
      ),
      form,
      this.trouble,
      this.outcome,
    );
    onBacktest((answer) => {
      if (answer.strategy === this.#strategy) this.#show(answer);
    });
  }

  /** Whose verdicts are followed. Another's outcome goes. @param {string} strategy */
  set(strategy) {
    if (strategy === this.#strategy) return;
    this.#strategy = strategy;
    this.clear();
    const made = newestOf(strategy); // the chart may have asked for it
    if (made) this.#show(made);
  }

  /** Take the outcome away. */
  clear() {
    this.#shown = null;
    fill(this.trouble);
    fill(this.outcome);
  }

  #submit(event) {
    event.preventDefault();
    const problem = this.#problem();
    fill(this.trouble, problem);
    if (!problem) this.#start();
  }

  /** What is wrong with the form; the first control that is gets the focus. */
  #problem() {
    const complain = (control, words) => {
      control.setAttribute("aria-invalid", "true");
      control.focus();
      return words;
    };
    for (const control of [this.cost, this.slippage, this.start, this.end]) control.removeAttribute("aria-invalid");
    for (const [control, name] of /** @type {[HTMLInputElement, string][]} */ ([
      [this.cost, "Cost"],
      [this.slippage, "Slippage"],
    ]))
      if (control.value === "" || !control.validity.valid) return complain(control, `${name}: a number of basis points from 0 to ${control.max}. 100 are 1%.`);
    for (const control of [this.start, this.end]) if (!control.validity.valid) return complain(control, "From and To: whole dates, or nothing for all days.");
    if (this.start.value && this.end.value && this.start.value > this.end.value) return complain(this.start, "The first day is after the last.");
    return null;
  }

  async #start() {
    const strategy = this.#strategy;
    const wanted = {
      cost_bp: Number(this.cost.value),
      slippage_bp: Number(this.slippage.value),
      side: this.side.value,
      stops: this.stops.checked,
      start: this.start.value || null,
      end: this.end.value || null,
    };
    this.run.disabled = true;
    if (this.#shown === null) fill(this.outcome, loading("Trading the verdicts …"));
    this.outcome.setAttribute("aria-busy", "true");
    try {
      const answer = await backtest(this.#ticker, strategy, wanted);
      if (strategy === this.#strategy) this.#show(answer);
    } catch (error) {
      if (!("status" in error)) console.error(error);
      if (strategy !== this.#strategy) return;
      if (error.status === 422) {
        this.clear();
        fill(this.trouble, error.words);
      } else
        fill(
          this.outcome,
          problem(error, () => this.#start()),
        );
    } finally {
      this.run.disabled = false;
      this.outcome.removeAttribute("aria-busy");
      if (isFocusLost()) this.run.focus();
    }
  }

  #save() {
    return saveFor(this.save, `/backtests/${encodeURIComponent(this.#shown.id)}`, { accept: "text/csv", name: "trades.csv" });
  }

  #show(answer) {
    if (this.#shown === answer) return;
    this.#shown = answer;
    const { equity, trades, assumptions } = answer;
    fill(
      this.outcome,
      h("p", { class: "record-lead", role: "status" }, inWords(answer)),
      equityPicture(equity),
      folded("The curves as a table, by year", () => yearTable(equity)),
      h(
        "div",
        { class: "record-columns" },
        h("div", {}, h("h3", {}, "In numbers"), metricTable(answer)),
        h(
          "div",
          {},
          h("h3", {}, "Assumptions"),
          h(
            "ul",
            { class: "small" },
            assumptions.map((words) => h("li", {}, words)),
          ),
        ),
      ),
      folded("What these numbers mean", () => metricDefinitions(answer)),
      h("div", { class: "spread trades-head" }, h("h3", {}, formatCount(trades.length, "trade", "trades")), trades.length > 0 && h("div", { class: "row" }, this.save, excel(answer.id), this.chart)),
      tradeTable(answer),
    );
  }
}

/** @param {string} id */
function excel(id) {
  return h("a", { class: "button", id: "backtest-excel", href: address(`/reports/backtests/${encodeURIComponent(id)}.xlsx`), "aria-label": "Download the backtest as Excel" }, "↓ Excel");
}

/** What a backtest came to, in a sentence. */
function inWords({ first, last, metrics, benchmark, trials }) {
  const [own, hold] = [metrics.total_return.value, benchmark.metrics.total_return.value];
  const than = own > hold ? "more than" : own < hold ? "less than" : "as much as";
  const tried = trials > 1 ? ` ${formatCount(trials, "set", "sets")} of rules have been tried on this ticker so far.` : "";
  return `From ${formatDay(first)} to ${formatDay(last)} it would have earned ${formatGrowth(own)} after costs, ${than} the ${formatGrowth(hold)} of buy and hold.${tried}`;
}
