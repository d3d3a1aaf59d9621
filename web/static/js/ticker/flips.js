// What tomorrow's close makes of the verdict: an unchanged one first, then the nearest closes that give another.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatPercent, formatPrice, formatScore } from "../format.js";
import { verdictBadge } from "../widgets.js";

const VOTES = { 1: "up", "-1": "down", 0: "neutral" };
const SLIGHTEST = 0.0005; // of the close: a move that would be shown as 0.0%
const SIDES = { above: ["▲", "rise"], below: ["▼", "fall"] };
const MOST_CHANGES = 3;
const LEAST_CHANGE = 0.005; // of a contribution: what rounds to nothing explains nothing
const BUYS = new Set(["Buy", "Strong Buy"]);

/** Ask for a result's flips and say them. */
export async function flips(result, signal) {
  const answer = await api.get(`/results/${encodeURIComponent(result.id)}/flips`, {}, { signal });
  const names = new Map(result.indicators.map(({ key, name }) => [key, name]));
  return h("div", { class: "flips" }, unchanged(answer, names), flip("above", answer, names, result.trade), flip("below", answer, names, result.trade));
}

/** What becomes of the present verdict: the same verdict is not told as a new one. */
const becomes = (next, verdict) => (next === verdict ? "it stays " : "it becomes ");

function unchanged({ verdict, unchanged: next }, names) {
  const keeps = next.verdict === verdict;
  return h(
    "div",
    { class: "flip", dataset: { side: "unchanged", close: next.close } },
    h(
      "p",
      {},
      "= If the next day closes unchanged at ",
      h("strong", {}, formatPrice(next.close)),
      `, ${becomes(next.verdict, verdict)}`,
      verdictBadge(next.verdict),
      `, score ${formatScore(next.score)}.`,
      !keeps && " A day passes, and the indicators' windows move on.",
    ),
    !keeps && changes(next, names, "Compared with now"),
  );
}

function flip(side, answer, names, trade) {
  const found = answer[side];
  const [arrow, move] = SIDES[side];
  const { close, verdict } = answer.unchanged;
  if (found === null) return h("p", { class: "soft flip", dataset: { side } }, `${arrow} No ${move} up to ${answer.searched_percent}% makes it anything but ${verdict}.`);
  const moved = found.close / close - 1;
  const where = Math.abs(moved) < SLIGHTEST ? [`${arrow} With the slightest ${move} `] : [`${arrow} At `, h("strong", {}, formatPrice(found.close)), ` (${formatPercent(moved * 100)}) `];
  return h(
    "div",
    { class: "flip", dataset: { side, close: found.close } },
    h(
      "p",
      {},
      where,
      becomes(found.verdict, answer.verdict),
      verdictBadge(found.verdict),
      ".",
      isBeforeEntry(found, close, trade) && ` That is before the entry, ${formatPrice(trade.entry)}: cancel an order that is still open then.`,
    ),
    changes(found, names, "Compared with an unchanged close"),
  );
}

/** Whether the price passes this close on the way to the entry that the plan waits for, and the verdict is no longer a Buy there. */
function isBeforeEntry(found, close, trade) {
  if (trade?.side !== "long" || BUYS.has(found.verdict)) return false;
  return trade.entry > close ? found.close > close && found.close <= trade.entry : found.close < close && found.close >= trade.entry;
}

/** The largest changes of what indicators add to the score: they are why, also where no vote turns. */
function changes({ changes: all, turns }, names, comparison) {
  const turned = new Map(turns.map(({ key, vote, next_vote }) => [key, ` (votes ${VOTES[next_vote]}, was ${VOTES[vote]})`]));
  const largest = all.filter((change) => Math.abs(change.next_contribution - change.contribution) >= LEAST_CHANGE).slice(0, MOST_CHANGES);
  return (
    largest.length > 0 && [
      h("p", { class: "small soft" }, `${comparison}, the score changes most by:`),
      h(
        "ul",
        { class: "turns small soft" },
        largest.map(({ key, contribution, next_contribution }) => h("li", {}, `${names.get(key) ?? key}: ${formatScore(contribution)} → ${formatScore(next_contribution)}${turned.get(key) ?? ""}`)),
      ),
    ]
  );
}
