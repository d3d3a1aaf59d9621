// Risk: what holding a ticker, a portfolio or an index was like, alone or beside another one, in the manner of a tear sheet.

import { address, api } from "../api.js";
import { onReturn } from "../connection.js";
import { byId, fill, h } from "../dom.js";
import { equityPicture, yearTable } from "../evidence/equity.js";
import { folded, formatGrowth, formatReturn, segments } from "../evidence/figures.js";
import { formatCount, formatDay } from "../format.js";
import { References } from "../references.js";
import { distributionPicture } from "../risk/distribution.js";
import { fallTable } from "../risk/falls.js";
import { monthMap } from "../risk/months.js";
import { nameOf, shortNameOf } from "../risk/names.js";
import { numberDefinitions, numberTable } from "../risk/numbers.js";
import { besidePicture, hasValues, volatilityPicture } from "../risk/quarters.js";
import { empty, show } from "../states.js";
import { suggestionsFor } from "../ticker-suggestions.js";
import { tickerAddress } from "../tickers.js";
import { saveFor } from "../transfer.js";
import { readUrl, writeUrl } from "../url-state.js";

const DEFAULTS = { ticker: "", benchmark: "", period: "", start: "", end: "", rate: "0" };
const NAMED = ["ticker", "benchmark"]; // by what can be measured
const FIELDS = [...NAMED, "start", "end", "rate"];
const PERIODS = /** @type {[value: string, name: string][]} */ ([
  ["1m", "1 month"],
  ["3m", "3 months"],
  ["6m", "6 months"],
  ["ytd", "This year"],
  ["1y", "1 year"],
  ["3y", "3 years"],
  ["5y", "5 years"],
  ["10y", "10 years"],
  ["max", "All"],
]);
const page = byId("page");
const form = /** @type {HTMLFormElement} */ (byId("risk-form"));
const trouble = byId("risk-trouble");
const controls = Object.fromEntries(FIELDS.map((name) => [name, /** @type {HTMLInputElement} */ (byId(`risk-${name}`))]));

const references = new References();
let state = readUrl(DEFAULTS);

/** The parameters of the API for what is chosen. */
function params() {
  const { benchmark, period, start, end, rate } = state;
  return { benchmark: benchmark || null, period: period || null, start: start || null, end: end || null, rate: Number(rate) / 100 };
}

function load() {
  document.title = state.ticker ? `Risk of ${references.labelOf(state.ticker)} – Bellwether` : "Risk – Bellwether";
  if (!state.ticker)
    return fill(page, h("div", { class: "card" }, empty("Of what?", "Name a ticker whose prices are stored, or choose one of your portfolios or indexes. Beside it, for example, an index fund.")));
  return show(page, async () => sheet(await api.get(`/risk/${encodeURIComponent(state.ticker)}`, { ...params(), series: true })), "Measuring …");
}

function sheet(risk) {
  const { reference, ticker, benchmark, series, metrics, falls, months, distribution } = risk;
  const beside = series.benchmark?.map((value) => 100 * value) ?? null;
  const lines = {
    dates: series.days,
    values: series.value.map((value) => 100 * value),
    benchmark: beside,
    drawdown: series.drawdown,
    benchmark_drawdown: beside && fallsOf(beside),
  };
  const [own, other] = [nameOf(risk), benchmark ? nameOf(benchmark) : ""];
  const names = { own: shortNameOf(risk), other: benchmark ? shortNameOf(benchmark) : "", legend: own, ownBy: `in ${own}`, otherBy: `in ${other}` };
  document.title = `Risk of ${own} – Bellwether`;
  const csv = h("button", { type: "button", id: "risk-csv" }, "CSV");
  csv.addEventListener("click", () => saveFor(csv, `/risk/${encodeURIComponent(reference)}`, { params: params(), accept: "text/csv", name: "risk.csv" }));
  const excel = h("a", { class: "button", id: "risk-excel", href: address(`/reports/risk/${encodeURIComponent(reference)}.xlsx`, params()), "aria-label": "Download the risk as Excel" }, "↓ Excel");
  return [
    card(
      "growth-title",
      ["What 100 became in ", ticker ? h("a", { href: tickerAddress(ticker) }, ticker) : own],
      h("p", { class: "record-lead" }, inWords(risk)),
      h("p", { class: "small soft" }, footing(risk)),
      equityPicture(lines, names),
      beside && folded("The curves as a table, by year", () => yearTable(lines, names)),
      h("div", { class: "row end" }, csv, excel),
    ),
    h(
      "div",
      { class: "risk-columns" },
      card(
        "numbers-title",
        "In numbers",
        numberTable(risk),
        folded("What these numbers mean", () => numberDefinitions(risk)),
      ),
      h(
        "div",
        {},
        card("days-title", "Its days", distributionPicture(distribution, metrics.var_95.value)),
        card(
          "volatility-title",
          "Its volatility, quarter by quarter",
          hasValues(series.volatility) ? volatilityPicture(series.days, series.volatility, metrics.volatility.value) : h("p", { class: "soft" }, "The period is shorter than a quarter."),
        ),
        hasValues(series.beta) && card("beside-title", "Its beta and correlation, quarter by quarter", besidePicture(series, metrics.beta.value)),
      ),
    ),
    card("months-title", "Its months", monthMap(months)),
    card("falls-title", "Its deepest falls", falls.length ? fallTable(falls) : h("p", { class: "soft" }, "No close lies below an earlier one.")),
  ];
}

function card(id, title, ...content) {
  return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...content);
}

function inWords(risk) {
  const { first_day: first, last_day: last, metrics, drawdown, benchmark } = risk;
  const fell = drawdown ? ` Its deepest fall was ${formatReturn(drawdown.depth)}, ${drawdown.recovered ? `made good on ${formatDay(drawdown.recovered)}` : "not made good yet"}.` : "";
  const other = benchmark ? ` ${nameOf(benchmark)}: ${formatGrowth(benchmark.metrics.total_return.value)} over the same days.` : "";
  return `From ${formatDay(first)} to ${formatDay(last)}, ${nameOf(risk)} returned ${formatGrowth(metrics.total_return.value)}.${fell}${other}`;
}

function footing({ days, adjusted, rate, benchmark, ticker, kind, notes }) {
  const counted = `${formatCount(days, "daily return", "daily returns")}${benchmark ? " of days that both have" : ""}`;
  const closes = adjusted ? "from closes adjusted for splits and dividends" : "from closes as they were delivered, without dividends";
  const prices = ticker ? closes : `from the growth of the ${kind}, ${adjusted ? "with" : "without"} dividends`;
  return [`${counted}, ${prices}${rate ? `; ${formatReturn(rate)} interest a year is deducted from the ratios` : ""}.`, ...notes].join(" ");
}

/** The drawdown at each value. @param {number[]} values */
function fallsOf(values) {
  let highest = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    highest = Math.max(highest, value);
    return value / highest - 1;
  });
}

// ---- choices ----------------------------------------------------------------------------------------------------------------------

/** What is wrong with the form; the first control that is gets the focus. @returns {string | null} */
function problemOf() {
  const complain = (control, words) => {
    control.setAttribute("aria-invalid", "true");
    control.focus();
    return words;
  };
  const { ticker, benchmark, start, end, rate } = controls;
  for (const control of Object.values(controls)) control.removeAttribute("aria-invalid");
  if (references.referenceOf(ticker.value) === null) return complain(ticker, "What to measure: a ticker such as AAPL or BRK.B, or a name from the list.");
  if (benchmark.value.trim() && references.referenceOf(benchmark.value) === null) return complain(benchmark, "Beside: a ticker such as SPY, a name from the list, or nothing.");
  for (const control of [start, end]) if (!control.validity.valid) return complain(control, "From and To: whole dates, or nothing for all days.");
  if (start.value && end.value && start.value > end.value) return complain(start, "The first day is after the last.");
  if (rate.value === "" || !rate.validity.valid) return complain(rate, "Interest: a percentage a year, from 0 to 100.");
  return null;
}

const periods = segments("Period", PERIODS, (period) => {
  for (const control of [controls.start, controls.end]) control.value = "";
  if (problemOf()) return form.requestSubmit(); // which says what is wrong
  choose({ period: period === "max" ? "" : period });
});
periods.element.classList.add("loose");
byId("risk-periods").append(periods.element);

function present() {
  for (const [name, control] of Object.entries(controls)) control.value = NAMED.includes(name) ? references.labelOf(state[name]) : state[name];
  periods.set(state.period || (state.start || state.end ? "" : "max"));
}

/** Measure what the form says. @param {Record<string, string>} more */
function choose(more) {
  const chosen = Object.fromEntries(Object.entries(controls).map(([name, { value }]) => [name, NAMED.includes(name) ? (references.referenceOf(value) ?? "") : value.trim()]));
  writeUrl({ ...chosen, ...more }, DEFAULTS);
  state = readUrl(DEFAULTS);
  present();
  load();
}

for (const name of NAMED) controls[name].after(suggestionsFor(controls[name], references.labels));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const problem = problemOf();
  fill(trouble, problem);
  if (problem) return;
  const { start, end } = controls;
  choose({ period: start.value || end.value ? "" : state.period });
});
addEventListener("popstate", () => {
  state = readUrl(DEFAULTS);
  present();
  load();
});
onReturn(load);
await references.load();
present();
await load();
