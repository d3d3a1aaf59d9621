// The numbers of a risk, beside those of its benchmark, and what they mean.

import { definitions, table } from "../evidence/figures.js";
import { inOrder, metricName, metricText } from "../evidence/metric-words.js";
import { nameOf } from "./names.js";

/** Those that have a value, and with a benchmark all. */
const shown = ({ metrics, benchmark }) => inOrder(metrics).filter((name) => benchmark || metrics[name].value !== null);

export function numberTable(risk) {
  const { metrics, benchmark } = risk;
  const columns = [
    { title: "What", cell: metricName },
    { title: nameOf(risk), style: "number", cell: (name) => metricText(name, metrics[name]) },
    ...(benchmark ? [{ title: nameOf(benchmark), style: "number", cell: (name) => metricText(name, benchmark.metrics[name]) }] : []),
  ];
  return table("The numbers of the risk", columns, shown(risk), { mark: (name) => ({ metric: name }) });
}

export const numberDefinitions = (risk) => definitions(shown(risk).map((name) => [metricName(name), risk.metrics[name].definition]));
