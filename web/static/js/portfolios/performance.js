// How a portfolio did: its return and its value by day, what it gained and of what, and the numbers of its risk, each with what it means.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { equityPicture, yearTable } from "../evidence/equity.js";
import { definitions, folded, formatReturn, segments, table } from "../evidence/figures.js";
import { inOrder, metricName, metricText } from "../evidence/metric-words.js";
import { formatCount, formatDay } from "../format.js";
import { empty, show } from "../states.js";
import { tickerAddress } from "../tickers.js";
import { saveFor } from "../transfer.js";
import { formatGain, formatMoney, toneOfGain } from "./money.js";

/** @type {[string, string][]} */
const PERIODS = [
  ["1d", "1 day"],
  ["wtd", "Week"],
  ["mtd", "Month"],
  ["ytd", "Year"],
  ["1y", "12 months"],
  ["5y", "5 years"],
  ["max", "All"],
];
const PARTS = { capital: "Prices", dividends: "Dividends", interest: "Interest", fees: "Fees", taxes: "Taxes", fx: "Exchange rates", total: "In all" };
/** @type {[string, string][]} */
const VIEWS = [
  ["return", "Return"],
  ["value", "Value"],
];

/**
 * @param {any} portfolio
 * @param {string} period
 * @param {(period: string) => void} onPeriod
 */
export function performanceCard(portfolio, period, onPeriod) {
  const body = h("div", { id: "performance" });
  const choice = segments("Period", PERIODS, (value) => {
    chosen = value;
    onPeriod(value);
    draw();
  });
  choice.element.classList.add("loose");
  let chosen = period;
  const draw = () => {
    choice.set(chosen);
    return show(body, async () => {
      const { transactions } = await api.get(`/portfolios/${portfolio.id}`);
      if (transactions === 0) {
        return empty("There is nothing to measure yet.", "Add what you bought below, or import a file.");
      }
      try {
        return sheet(await api.get(`/portfolios/${portfolio.id}/performance`, { period: chosen }));
      } catch (error) {
        if (error.code !== "insufficient_history") throw error;
        return h("p", { class: "soft" }, error.words);
      }
    });
  };
  draw();
  const csv = h("button", { type: "button", "aria-label": "Values and returns by day as CSV" }, "CSV");
  csv.addEventListener("click", () => saveFor(csv, `/portfolios/${portfolio.id}/performance`, { params: { period: chosen }, accept: "text/csv", name: "performance.csv" }));
  const heading = h("div", { class: "spread" }, h("h2", { id: "performance-title" }, "How it did"), h("div", { class: "row" }, choice.element, csv));
  const element = h("section", { class: "card", "aria-labelledby": "performance-title" }, heading, body);
  return { element, draw };
}

function sheet(performance) {
  const { currency, twr, mwr, gain, start_value: start, end_value: end, flows, risk, benchmark, remarks, series } = performance;
  const figure = (name, value, below, tone = "") => h("div", {}, h("dt", {}, name), h("dd", {}, h("span", { class: tone }, value), below && h("div", { class: "small soft" }, below)));
  const beside =
    benchmark &&
    (benchmark.total_return === null
      ? benchmark.reason.replace(benchmark.reference, shortName(benchmark))
      : `${benchmark.name ?? benchmark.reference} ${formatReturn(benchmark.total_return)}${hasEnded(performance) ? `, up to ${formatDay(benchmark.last_day)}` : ""}`);
  return [
    h("p", { class: "small soft" }, `From the value of ${formatDay(performance.first_day)} to that of ${formatDay(performance.last_day)}, in ${currency}.`),
    h(
      "dl",
      { class: "key-figures" },
      figure("Value", formatMoney(end, currency), [`${formatMoney(start)} before`, remarks.without_prices.length > 0 && h("div", {}, atPaid(remarks))]),
      figure("Return, time-weighted", formatReturn(twr.value), beside, toneOfGain(twr.value)),
      figure(mwr.annualised ? "Return of your money, a year" : "Return of your money", formatReturn(mwr.value), mwr.reason, toneOfGain(mwr.value)),
      figure("Gain", formatGain(gain.total?.value, currency), flows ? `${formatGain(flows)} paid in and out` : null, toneOfGain(gain.total?.value)),
    ),
    ...(series && series.days.length > 1 ? charts(performance) : []),
    h("h3", {}, "What it gained, and of what"),
    gainTable(gain, currency),
    ...words(remarks),
    attribution(performance),
    risk && riskTable(risk, benchmark),
    folded("What these numbers mean", () =>
      definitions([
        ["Time-weighted", twr.definition],
        ["Of your money", mwr.definition],
        ...Object.entries(gain).map(([name, { definition }]) => /** @type {[string, string]} */ ([PARTS[name] ?? name, definition])),
        ...(risk ? inOrder(risk).map((name) => /** @type {[string, string]} */ ([metricName(name), risk[name].definition])) : []),
      ]),
    ),
  ].filter(Boolean);
}

/** Whether the benchmark has no value any more at the end. */
function hasEnded({ benchmark, last_day: last }) {
  return Boolean(benchmark?.last_day) && benchmark.last_day < last;
}

function charts(performance) {
  const { series, benchmark, currency } = performance;
  const place = h("div", {});
  const name = shortName(benchmark);
  const draw = (view) => {
    choice.set(view);
    const lines = view === "return" ? returnLines(series) : valueLines(series);
    const names =
      view === "return"
        ? { own: "portfolio", other: name, legend: "what 100 became, whatever was paid in or out", ownBy: "in the portfolio", otherBy: `in ${name}` }
        : { own: "value", other: "paid in", legend: `value in ${currency}`, ownBy: "of value", otherBy: "paid in" };
    fill(place, equityPicture(lines, names), lines.benchmark && folded("The curves as a table, by year", () => yearTable(lines, names)));
  };
  const choice = segments("What the curve shows", VIEWS, draw);
  draw("return");
  const late = series.benchmark?.findIndex((value) => value !== null) ?? 0;
  return [
    h("div", { class: "row" }, choice.element),
    place,
    late > 0 && h("p", { class: "small soft" }, `${name} has values only since ${formatDay(series.days[late])}, so it is left out of the curve.`),
    late <= 0 && hasEnded(performance) && h("p", { class: "small soft" }, `${name} has values only up to ${formatDay(benchmark.last_day)}, so it is left out of the curve.`),
  ].filter(Boolean);
}

const LONGEST_NAME = 14; // letters beside the end of a line

/** @param {any} benchmark */
function shortName(benchmark) {
  if (!benchmark) return "";
  const name = benchmark.kind === "ticker" || !benchmark.name ? benchmark.reference : benchmark.name;
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}

function returnLines({ days, twr, benchmark }) {
  const values = twr.map((value) => 100 * (1 + value));
  const other = benchmark?.every((value) => value !== null) ? benchmark.map((value) => 100 * (1 + value)) : null;
  return { dates: days, values, benchmark: other, drawdown: fallsOf(values), benchmark_drawdown: other && fallsOf(other) };
}

function valueLines({ days, value, invested }) {
  return { dates: days, values: value, benchmark: invested, drawdown: fallsOf(value), benchmark_drawdown: null };
}

/** How far each value lies below the highest so far. @param {number[]} values */
function fallsOf(values) {
  let highest = 0;
  return values.map((value) => {
    highest = Math.max(highest, value);
    return highest > 0 ? value / highest - 1 : 0;
  });
}

function gainTable(gain, currency) {
  const parts = Object.keys(PARTS).filter((name) => gain[name]);
  const columns = [
    { title: "Of", cell: (name) => PARTS[name] },
    { title: currency, style: "number", cell: (name) => h("span", { class: toneOfGain(gain[name].value) }, formatGain(gain[name].value)) },
  ];
  return table("What it gained, and of what", columns, parts, { style: "capped", mark: (name) => ({ gain: name }) });
}

function riskTable(risk, benchmark) {
  const columns = [
    { title: "Number", cell: metricName },
    { title: "Portfolio", style: "number", cell: (name) => metricText(name, risk[name]) },
    ...(benchmark && benchmark.total_return !== null ? [{ title: benchmark.name ?? benchmark.reference, style: "number", cell: (name) => metricText(name, benchmark.metrics[name]) }] : []),
  ];
  return folded("Its risk in numbers", () => table("Its risk in numbers", columns, inOrder(risk), { style: "capped", mark: (name) => ({ metric: name }) }));
}

function attribution({ attribution: { holdings, definitions: known }, currency }) {
  if (!holdings.length) return null;
  const money = (name) => ({ title: name.charAt(0).toUpperCase() + name.slice(1), style: "number", cell: (holding) => formatGain(holding[name]) });
  const columns = [
    { title: "Holding", cell: ({ ticker }) => (ticker ? h("a", { href: tickerAddress(ticker) }, ticker) : "Cash") },
    { title: `Gain, ${currency}`, style: "number", cell: ({ gain }) => h("span", { class: toneOfGain(gain) }, formatGain(gain)) },
    { title: "For the portfolio", style: "number", cell: ({ contribution }) => formatReturn(contribution) },
    ...["local", "currency", "interaction", "dividends", "fees", "taxes"].map(money),
  ];
  const sorted = [...holdings].sort((one, other) => other.gain - one.gain);
  return folded("What each holding did for it", () => [table("What each holding did for it", columns, sorted, { style: "as-cards" }), definitions(Object.entries(known))]);
}

const atPaid = ({ without_prices: without }) => `Without prices, at what was last paid: ${without.join(", ")}`;

/** What to know of the numbers, in sentences. */
function words({ keeps_cash: keepsCash, lowest_cash: lowest, unvalued, without_prices: without, silent }) {
  const told = [
    !keepsCash && "No deposit or withdrawal is booked: what was bought counts as paid in on its day.",
    keepsCash && lowest < 0 && `Cash was as low as ${formatMoney(lowest)}: perhaps a deposit is missing.`,
    unvalued.length > 0 &&
      `${formatCount(unvalued.length, "stretch", "stretches")} of days without a price or a rate have no value, the first from ${formatDay(unvalued[0].first)} to ${formatDay(unvalued[0].last)}.`,
    without.length > 0 && `${atPaid({ without_prices: without })}.`,
    silent.length > 0 && `At an old close: ${silent.map(({ ticker, last_day: day }) => `${ticker} of ${formatDay(day)}`).join(", ")}.`,
  ].filter(Boolean);
  return told.length
    ? [
        h(
          "ul",
          { class: "small", id: "remarks" },
          told.map((sentence) => h("li", {}, sentence)),
        ),
      ]
    : [];
}
