// What a kept report is about, in words.

import { formatDay } from "./format.js";
import { strategyName } from "./strategies.js";

/** @param {{type: string, params: any}} report */
export function aboutReport({ type, params }) {
  const strategy = params.strategy ? `, ${strategyName(params.strategy)}` : "";
  if (type === "job") return "A job";
  if (type === "ticker") return `${params.ticker}${strategy || `, ${strategyName("balanced")}`}${periodWords(params.period)}`;
  if (type === "evidence") return `Record of ${params.ticker ?? params.universe}${strategy || `, ${strategyName("balanced")}`}${periodWords(params.period)}`;
  if (type === "watchlist") return `Watch list${strategy}`;
  if (type === "screener") return `Latest verdicts${params.filter?.universe ? ` of ${params.filter.universe}` : ""}${params.filter?.strategy ? `, ${strategyName(params.filter.strategy)}` : ""}`;
  return type;
}

function periodWords(period) {
  if (!period) return "";
  return `${period.start ? `, from ${formatDay(period.start)}` : ""}${period.end ? ` to ${formatDay(period.end)}` : ""}`;
}
