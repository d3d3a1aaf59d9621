// The numbers of a backtest beside those of buy-and-hold.

import { definitions, formatHit, formatReturn, table } from "../evidence/figures.js";
import { formatWhole, numbers } from "../format.js";

const ratio = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const days = numbers({ maximumFractionDigits: 1 });
/** @type {Record<string, [name: string, format: (value: number) => string]>} */
const KNOWN = {
  total_return: ["Total return", formatReturn],
  cagr: ["Growth a year", formatReturn],
  volatility: ["Volatility a year", formatHit],
  sharpe: ["Sharpe ratio", ratio.format],
  deflated_sharpe: ["Deflated Sharpe ratio, after all trials", formatHit],
  sortino: ["Sortino ratio", ratio.format],
  max_drawdown: ["Deepest fall", formatReturn],
  longest_drawdown: ["Longest time below a high, days", formatWhole],
  calmar: ["Calmar ratio", ratio.format],
  exposure: ["Time in the market", formatHit],
  turnover: ["Turnover a year, times the capital", ratio.format],
  trades: ["Trades", formatWhole],
  win_rate: ["Trades with a profit", formatHit],
  profit_factor: ["Profits over losses", ratio.format],
  expectancy: ["Mean return of a trade", formatReturn],
  best_trade: ["Best trade", formatReturn],
  worst_trade: ["Worst trade", formatReturn],
  average_bars: ["Days held on average", days.format],
};
const NONE = "–";

/** @typedef {{value: number | null, definition: string}} Metric */

/** All numbers in the order of the page; those that it does not know come last. @returns {[name: string, own: Metric | undefined, hold: Metric | undefined][]} */
function all({ metrics, benchmark, exposure, turnover, deflated_sharpe: deflated }) {
  const own = { ...metrics, exposure, turnover, deflated_sharpe: deflated };
  const names = [...Object.keys(KNOWN).filter((name) => own[name]), ...Object.keys(own).filter((name) => !KNOWN[name])];
  return names.map((name) => [name, own[name], benchmark.metrics[name]]);
}

const nameOf = (name) => KNOWN[name]?.[0] ?? name.replaceAll("_", " ");
const told = (name, metric) => (metric?.value === null || metric === undefined ? NONE : (KNOWN[name]?.[1] ?? days.format)(metric.value));

export function metricTable(backtest) {
  const columns = [
    { title: "What", cell: ([name]) => nameOf(name) },
    { title: "Strategy", style: "number", cell: ([name, own]) => told(name, own) },
    { title: "Buy and hold", style: "number", cell: ([name, , hold]) => told(name, hold) },
  ];
  return table("The strategy's numbers beside those of buy and hold", columns, all(backtest), { mark: ([name]) => ({ metric: name }) });
}

export const metricDefinitions = (backtest) => definitions(all(backtest).map(([name, own, hold]) => [nameOf(name), own?.definition ?? hold?.definition]));
