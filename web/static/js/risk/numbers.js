// The numbers of a risk, beside those of its benchmark, and what they mean.

import { definitions, formatHit, formatReturn, table } from "../evidence/figures.js";
import { formatWhole, numbers } from "../format.js";

const ratio = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const NONE = "–";
/** In the order of the page. @type {Record<string, [name: string, format: (value: number) => string]>} */
const KNOWN = {
  total_return: ["Total return", formatReturn],
  cagr: ["Growth a year", formatReturn],
  excess_return: ["Growth a year beyond the benchmark's", formatReturn],
  volatility: ["Volatility a year", formatHit],
  sharpe: ["Sharpe ratio", ratio.format],
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
};

const nameOf = (name) => KNOWN[name]?.[0] ?? name.replaceAll("_", " ");
const told = (name, metric) => (metric?.value === null || metric === undefined ? NONE : (KNOWN[name]?.[1] ?? ratio.format)(metric.value));

/** Those that have a value, and those that the benchmark has; the unknown last. */
function shown({ metrics, benchmark }) {
  const names = [...Object.keys(KNOWN).filter((name) => metrics[name]), ...Object.keys(metrics).filter((name) => !KNOWN[name])];
  return names.filter((name) => benchmark || metrics[name].value !== null);
}

export function numberTable(risk) {
  const { ticker, metrics, benchmark } = risk;
  const columns = [
    { title: "What", cell: nameOf },
    { title: ticker, style: "number", cell: (name) => told(name, metrics[name]) },
    ...(benchmark ? [{ title: benchmark.ticker, style: "number", cell: (name) => told(name, benchmark.metrics[name]) }] : []),
  ];
  return table("The numbers of the risk", columns, shown(risk), { mark: (name) => ({ metric: name }) });
}

export const numberDefinitions = (risk) => definitions(shown(risk).map((name) => [nameOf(name), risk.metrics[name].definition]));
