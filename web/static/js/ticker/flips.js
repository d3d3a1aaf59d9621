// What would flip the verdict: the nearest closes of the next day that change it.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatPercent, formatPrice } from "../format.js";
import { verdictBadge } from "../widgets.js";

const VOTES = { 1: "up", "-1": "down", 0: "neutral" };

/** Ask for a result's flips and say them. */
export async function flips(result, signal) {
  const answer = await api.get(`/results/${encodeURIComponent(result.id)}/flips`, {}, { signal });
  const names = new Map(result.indicators.map(({ key, name }) => [key, name]));
  return h("div", { class: "flips" }, flip("above", answer.above, answer, names), flip("below", answer.below, answer, names));
}

function flip(side, found, answer, names) {
  const far = `${answer.searched_percent} %`;
  if (found === null) return h("p", { class: "soft", dataset: { side } }, `No close up to ${far} ${side} changes it from ${answer.verdict}.`);
  return h(
    "div",
    { class: "flip", dataset: { side, close: found.close } },
    h("p", {}, side === "above" ? "▲ At " : "▼ At ", h("strong", {}, formatPrice(found.close)), ` (${formatPercent((found.close / answer.close - 1) * 100)}) it becomes `, verdictBadge(found.verdict)),
    found.turns.length > 0 &&
      h(
        "ul",
        { class: "turns small soft" },
        found.turns.map(({ key, vote, next_vote }) => h("li", {}, `${names.get(key) ?? key}: ${VOTES[vote]} → ${VOTES[next_vote]}`)),
      ),
  );
}
