// Whether the scores behind a verdict know the future, and how much they depend on where the history begins: asked for by a button.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatCount, formatDay, formatScore, formatWhole } from "../format.js";
import { show } from "../states.js";

const ROUNDING = 1e-9; // differences of scores up to this come from the order of additions
const SMALLEST = 0.0001; // that is shown as a number

const difference = (value) => (value <= ROUNDING ? "only rounding" : value < SMALLEST ? `under ${SMALLEST}` : value.toFixed(4));

/** The heading, the button and the place for the answer. */
export function honestyCheck(result) {
  const answer = h("div", { class: "honesty" });
  const ask = () => show(answer, async () => told(await api.get(`/results/${encodeURIComponent(result.id)}/honesty`)), "Scoring 60 days again …");
  return [
    h("h3", {}, "Look-ahead"),
    h("p", { class: "small soft" }, "Scores days of the past again, as if what came after had not come yet: a verdict that knew the future would be another one then."),
    h("button", { type: "button", onclick: ask }, "Check for look-ahead"),
    answer,
  ];
}

function told({ clean, lookahead, recursion, meaning }) {
  return h(
    "div",
    {},
    h(
      "div",
      { role: "status" },
      meaning.map((sentence, at) => h("p", {}, at === 0 && !clean ? h("strong", {}, sentence) : sentence)),
    ),
    lookahead.days > 0 &&
      table(
        `The score without the days after it beside the score within the whole history, ${formatDay(lookahead.first)} to ${formatDay(lookahead.last)}`,
        ["Days", "Largest difference", "Verdicts changed"],
        [[formatWhole(lookahead.days), difference(lookahead.max_difference), formatWhole(lookahead.changed)]],
      ),
    lookahead.examples.length > 0 &&
      table(
        "The days that differ most",
        ["Day", "Without the future", "With it"],
        lookahead.examples.map((one) => [formatDay(one.day), `${one.verdict}, ${formatScore(one.score)}`, `${one.verdict_with_future}, ${formatScore(one.score_with_future)}`]),
      ),
    recursion.length > 0 &&
      table(
        "The score with only the last bars before the day beside the score with all bars before it",
        ["Only the last", "Largest difference", "Verdicts changed"],
        recursion.map((row) => [formatCount(row.bars, "bar", "bars"), difference(row.max_difference), `${formatWhole(row.verdict_changes)} of ${formatWhole(row.days)}`]),
      ),
  );
}

const table = (caption, heads, rows) =>
  h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "small soft" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head, at) => h("th", { scope: "col", class: at ? "number" : "" }, head)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell, at) => (at ? h("td", { class: "number" }, cell) : h("th", { scope: "row" }, cell))),
          ),
        ),
      ),
    ),
  );
