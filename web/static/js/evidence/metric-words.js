// The numbers of backtests and risks in words, in the order in which pages show them.

import { formatWhole, numbers } from "../format.js";
import { formatHit, formatReturn } from "./figures.js";

const ratio = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const days = numbers({ maximumFractionDigits: 1 });
const NONE = "–";
/** @type {Record<string, [name: string, format: (value: number) => string]>} */
const KNOWN = {
  total_return: ["Total return", formatReturn],
  cagr: ["Growth a year", formatReturn],
  excess_return: ["Growth a year beyond the benchmark's", formatReturn],
  volatility: ["Volatility a year", formatHit],
  sharpe: ["Sharpe ratio", ratio.format],
  deflated_sharpe: ["Deflated Sharpe ratio, after all trials", formatHit],
  sortino: ["Sortino ratio", ratio.format],
  calmar: ["Calmar ratio", ratio.format],
  max_drawdown: ["Deepest fall", formatReturn],
  current_drawdown: ["Below the highest close now", formatReturn],
  longest_drawdown: ["Longest time below a high, days", formatWhole],
  var_95: ["Value at risk, 1 day in 20", formatReturn],
  cvar_95: ["Mean of the worst 5% of days", formatReturn],
  tail_ratio: ["Best days over worst days", ratio.format],
  best_day: ["Best day", formatReturn],
  worst_day: ["Worst day", formatReturn],
  positive_days: ["Days that rose", formatHit],
  skewness: ["Skewness", ratio.format],
  excess_kurtosis: ["Excess kurtosis", ratio.format],
  beta: ["Beta", ratio.format],
  alpha: ["Alpha a year", formatReturn],
  correlation: ["Correlation", ratio.format],
  tracking_error: ["Tracking error a year", formatHit],
  information_ratio: ["Information ratio", ratio.format],
  up_capture: ["Capture of rising days", ratio.format],
  down_capture: ["Capture of falling days", ratio.format],
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

/** @typedef {{value: number | null, definition: string}} Metric */

/** The names of numbers in the order of the pages; those that no page knows come last. @param {Record<string, Metric>} metrics @returns {string[]} */
export const inOrder = (metrics) => [...Object.keys(KNOWN).filter((name) => metrics[name]), ...Object.keys(metrics).filter((name) => !KNOWN[name])];

/** @param {string} name */
export const metricName = (name) => KNOWN[name]?.[0] ?? name.replaceAll("_", " ");

/** @param {string} name @param {Metric | undefined} metric */
export const metricText = (name, metric) => (metric?.value === null || metric === undefined ? NONE : (KNOWN[name]?.[1] ?? days.format)(metric.value));
