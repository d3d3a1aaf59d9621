// The numbers of a backtest beside those of buy-and-hold.

import { definitions, table } from "../evidence/figures.js";
import { inOrder, metricName, metricText } from "../evidence/metric-words.js";

/** @typedef {import("../evidence/metric-words.js").Metric} Metric */

/** All numbers in the order of the page. @returns {[name: string, own: Metric | undefined, hold: Metric | undefined][]} */
function all({ metrics, benchmark, exposure, turnover, deflated_sharpe: deflated }) {
  const own = { ...metrics, exposure, turnover, deflated_sharpe: deflated };
  return inOrder(own).map((name) => [name, own[name], benchmark.metrics[name]]);
}

export function metricTable(backtest) {
  const columns = [
    { title: "What", cell: ([name]) => metricName(name) },
    { title: "Strategy", style: "number", cell: ([name, own]) => metricText(name, own) },
    { title: "Buy and hold", style: "number", cell: ([name, , hold]) => metricText(name, hold) },
  ];
  return table("The strategy's numbers beside those of buy and hold", columns, all(backtest), { mark: ([name]) => ({ metric: name }) });
}

export const metricDefinitions = (backtest) => definitions(all(backtest).map(([name, own, hold]) => [metricName(name), own?.definition ?? hold?.definition]));
