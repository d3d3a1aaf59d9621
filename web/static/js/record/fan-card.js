// What came after a verdict, day by day: the fan of returns, for a verdict to be chosen.

import { fill, h } from "../dom.js";
import { fanLegend, fanPicture, fanTable } from "../evidence/fan.js";
import { folded } from "../evidence/figures.js";
import { formatCount } from "../format.js";
import { field, select } from "../widgets.js";

/** @param {any} fan @param {string | null} present - the verdict of the present analysis */
export function fanCard(fan, present) {
  const all = fan.lines.find(({ verdict }) => verdict === null);
  const lines = fan.lines.filter(({ verdict }) => verdict !== null);
  const place = h("div", {});
  const draw = (verdict) => {
    const line = lines.find((each) => each.verdict === verdict) ?? lines[0];
    fill(
      place,
      h("p", { class: "small soft" }, `Returns before cost after ${formatCount(line.n, "day", "days")} of ${line.verdict}, by trading days after the entry at the next open.`),
      fanPicture(fan, line, all),
      fanLegend(),
      folded("The fan as a table", () => fanTable(fan, line, all)),
    );
  };
  const chosen = lines.some(({ verdict }) => verdict === present) ? present : lines[0].verdict;
  const pick = select(
    "fan-verdict",
    lines.map(({ verdict }) => [verdict, verdict]),
    chosen,
    (event) => draw(event.target.value),
  );
  draw(chosen);
  return h("section", { class: "card", "aria-labelledby": "fan-title" }, h("div", { class: "spread" }, h("h2", { id: "fan-title" }, "What came after it"), field("After the verdict", pick)), place);
}
