// How new prices are: the same word, colour and sentence on all pages, of what the API says under `freshness`.

import { h } from "./dom.js";
import { formatCount, formatDay } from "./format.js";
import { wordsOf } from "./words.js";

/** @typedef {{state: string, trading_days_behind: number | null, exchange: string | null, newest_expected: string | null}} Freshness */

/** What is missing, in a sentence. @param {Freshness} freshness @param {string | null} lastDay - of the newest bar */
export function freshnessSentence({ state, trading_days_behind: behind, exchange, newest_expected: expected }, lastDay) {
  if (!lastDay || behind === null) return "No prices are stored.";
  const until = `The newest prices are of ${formatDay(lastDay)}`;
  const whose = exchange ? ` of the exchange ${exchange}` : "";
  const kind = exchange ? "trading day" : "weekday";
  if (state === "fresh") return `${until}. The newest ${kind}${whose} whose close is final is ${formatDay(expected)}.`;
  return `${until}. ${formatCount(behind, `${kind}${whose} has`, `${kind}s${whose} have`)} passed since, the last on ${formatDay(expected)}.`;
}

/** The badge; the sentence is its title. @param {Freshness} freshness @param {string | null} lastDay - of the newest bar */
export function freshnessBadge(freshness, lastDay) {
  const { state, trading_days_behind: behind } = freshness;
  const [name, tone] = wordsOf("freshness", state);
  const words = state === "late" && behind !== null ? formatCount(behind, "day late", "days late") : name;
  return h("span", { class: `badge freshness ${tone}`.trim(), title: freshnessSentence(freshness, lastDay), dataset: { freshness: state } }, words);
}
