// How a record is counted: to be unfolded by those who ask.

import { h } from "../dom.js";
import { definitions, folded } from "../evidence/figures.js";
import { formatDay, formatShare, formatWhole } from "../format.js";

/** Names of what the API defines. A key that is not known is named as it is. @type {Record<string, string>} */
const NAMES = {
  day: "Which days count",
  return: "Return",
  hit: "Right",
  base: "Any day",
  lift: "Lift",
  excess: "Beyond any day",
  mean_move: "Mean move",
  episodes: "Episodes",
  interval: "95% interval",
  too_few: "Too few",
  halves: "Halves",
  live: "Said at the time",
};

/** @param {Record<string, string>} meanings */
export const defined = (meanings) => definitions(Object.entries(meanings).map(([key, meaning]) => [NAMES[key] ?? key.replaceAll("_", " "), meaning]));

/** How intervals were computed, in a sentence. */
export const intervalWords = ({ method, repetitions, seed, level }) => `${formatShare(level)}: ${method}; ${formatWhole(repetitions)} repetitions, seed ${seed}.`;

export function method(evidence) {
  const { basis, first, last, days, cost_bp: cost, horizons, interval, fingerprint } = evidence;
  const blocks = horizons.map(({ h: bars, block_days: block }) => `${block} over ${bars}`).join(", ");
  const facts = [
    ["What it rests on", basis],
    ["Prices", `${formatWhole(days)} bars, ${formatDay(first)} to ${formatDay(last)}`],
    ["Cost of a round trip", `${cost} basis points (${cost / 100}%)`],
    ["Intervals", [intervalWords(interval), blocks && ` Days of a block: ${blocks}.`]],
    ["Beside the verdict", "The line at the top has a quicker interval, from the number of episodes alone, which is often too narrow; what it concludes is from blocks of days, as in the table."],
    ["Fingerprint", h("code", {}, fingerprint)],
  ];
  return folded("How this is counted, and what the words mean", () => [defined(evidence.definitions), definitions(/** @type {[string, any][]} */ (facts))]);
}
