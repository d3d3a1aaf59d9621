// The record of each verdict at one horizon, as a table with whiskers and in words.

import { h } from "../dom.js";
import { formatHit, formatHitRange, formatPoints, formatPointsRange, formatReturn, formatReturnRange, table } from "../evidence/figures.js";
import { axis, domainOf, whiskerLegend, whiskers } from "../evidence/whiskers.js";
import { formatWhole } from "../format.js";
import { verdictBadge } from "../widgets.js";

const BUYS = new Set(["Buy", "Strong Buy"]);

/** The share of all days that were right with a verdict's sign; null for Hold, which has none. */
export const baseOf = (base, verdict) => (verdict === "Hold" ? null : BUYS.has(verdict) ? base.hit : base.fell);

const small = (text) => text && h("div", { class: "small soft" }, text);

/** @param {any} at - a horizon of the evidence @param {string | null} present - the verdict of the present analysis */
export function verdictTable(at, present) {
  const shown = at.verdicts.filter(({ n }) => n > 0);
  const domain = domainOf(shown.flatMap(({ verdict, hit, hit_low: low, hit_high: high }) => (hit === null ? [] : [hit, low, high, baseOf(at.base, verdict)])));
  const right = (row) => {
    const { verdict, hit, hit_low: low, hit_high: high, too_few: isFew } = row;
    if (hit === null) return h("span", { class: "soft" }, "Names no direction");
    const range = formatHitRange(low, high);
    return h(
      "div",
      { class: "whisker-cell" },
      h("span", { class: "whisker-words" }, h("strong", {}, formatHit(hit)), " ", h("span", { class: "small soft" }, range ?? (isFew ? "too few to say" : ""))),
      whiskers(domain, row, baseOf(at.base, verdict)),
    );
  };
  const columns = [
    { title: "Verdict", cell: ({ verdict }) => [verdictBadge(verdict), verdict === present && [" ", h("span", { class: "small soft" }, "now")]] },
    { title: "Days", style: "number", cell: ({ n }) => formatWhole(n) },
    { title: "Episodes", style: "number", cell: ({ episodes }) => formatWhole(episodes) },
    { title: "Right, with its 95% interval", head: axis(domain), style: "whisker-column", cell: right },
    { title: "Any day", style: "number", cell: ({ verdict }) => formatHit(baseOf(at.base, verdict)) },
    { title: "Lift, points", style: "number", cell: ({ lift, lift_low: low, lift_high: high }) => [formatPoints(lift), small(formatPointsRange(low, high))] },
    { title: "Mean return", style: "number", cell: ({ mean }) => formatReturn(mean) },
    { title: "Beyond any day", style: "number", cell: ({ excess, excess_low: low, excess_high: high }) => [formatReturn(excess), small(formatReturnRange(low, high))] },
    { title: "Worst", style: "number", cell: ({ worst }) => formatReturn(worst) },
    { title: "Best", style: "number", cell: ({ best }) => formatReturn(best) },
  ];
  const caption = `Each verdict over ${at.h} days: how often it was right, beside any day`;
  const any = `Any ${at.h} days: ${formatHit(at.base.hit)} of ${formatWhole(at.base.n)} rose after cost, ${formatHit(at.base.fell)} fell; mean return ${formatReturn(at.base.mean)}.`;
  return [
    table(caption, columns, shown, { style: "as-cards", mark: ({ verdict }) => ({ verdict, present: String(verdict === present) }) }),
    whiskerLegend("share of days on which it was right", "any day"),
    h("p", { class: "small soft" }, any),
  ];
}

/** What each verdict's numbers come to, the present one's first. */
export function inWords(at, present) {
  const now = at.verdicts.find(({ verdict }) => verdict === present);
  const others = at.verdicts.filter(({ verdict }) => verdict !== present);
  const told = ({ verdict, sentence }) => h("li", { dataset: { verdict } }, sentence);
  return [now && h("p", { class: "record-lead", id: "record-lead" }, `${now.verdict} today. `, now.sentence), h("ul", { class: "record-words small" }, others.map(told))].filter(Boolean);
}
