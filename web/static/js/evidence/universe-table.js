// Each verdict over a universe, and the strategies beside each other.

import { h } from "../dom.js";
import { formatAgo, formatCount, formatWhole } from "../format.js";
import { verdictBadge } from "../widgets.js";
import { formatHit, formatHitRange, formatPoints, formatPointsRange, formatReturn, formatReturnRange, table } from "./figures.js";
import { axis, domainOf, whiskerLegend, whiskers } from "./whiskers.js";

const small = (text) => text && h("div", { class: "small soft" }, text);
/** The share that would have been right with each ticker's own days: the hit less the lift. */
const ownBase = ({ hit, lift }) => (hit === null || lift === null ? null : hit - lift);

/** @param {any} horizon - of a universe's evidence */
export function universeTable(horizon) {
  const shown = horizon.verdicts.filter(({ n }) => n > 0);
  const domain = domainOf(shown.flatMap((row) => (row.hit === null ? [] : [row.hit, row.hit_low, row.hit_high, ownBase(row)])));
  const right = (row) => {
    const { hit, hit_low: low, hit_high: high } = row;
    if (hit === null) return h("span", { class: "soft" }, "Names no direction");
    return h(
      "div",
      { class: "whisker-cell" },
      h("span", { class: "whisker-words" }, h("strong", {}, formatHit(hit)), " ", h("span", { class: "small soft" }, formatHitRange(low, high) ?? "too few to say")),
      whiskers(domain, row, ownBase(row)),
    );
  };
  const columns = [
    { title: "Verdict", cell: ({ verdict }) => verdictBadge(verdict) },
    { title: "Days", style: "number", cell: ({ n }) => formatWhole(n) },
    { title: "Episodes", style: "number", cell: ({ episodes }) => formatWhole(episodes) },
    { title: "Tickers", style: "number", cell: ({ tickers }) => formatWhole(tickers) },
    { title: "Right, with its 95% interval", head: axis(domain), style: "whisker-column", cell: right },
    { title: "Lift, points", style: "number", cell: ({ lift, lift_low: low, lift_high: high }) => [formatPoints(lift), small(formatPointsRange(low, high))] },
    { title: "Mean return", style: "number", cell: ({ mean }) => formatReturn(mean) },
    { title: "Beyond any day", style: "number", cell: ({ excess, excess_low: low, excess_high: high }) => [formatReturn(excess), small(formatReturnRange(low, high))] },
    { title: "In words", style: "words", cell: worth },
  ];
  const caption = `Each verdict over ${horizon.h} days: how often it was right, beside any day of the same tickers`;
  return [table(caption, columns, shown, { style: "as-cards", mark: ({ verdict }) => ({ verdict }) }), whiskerLegend("share of days on which it was right", "any day of the same tickers")];
}

/** What a verdict's lift is worth, in words. */
export function worth({ hit, lift_low: low, lift_high: high }) {
  if (hit === null) return "Neither right nor wrong";
  if (low === null || high === null) return "Too few to say";
  if (low > 0) return "Better than any day";
  return high < 0 ? "Worse than any day" : "No better than any day";
}

/**
 * The strategies beside each other, at one horizon.
 * @param {{id: string, name: string, evidence: any}[]} strategies - evidence is null where none is stored
 * @param {number} days
 */
export function strategiesTable(strategies, days) {
  const known = strategies.filter(({ evidence }) => evidence);
  const at = ({ evidence }) => evidence.horizons.find((horizon) => horizon.h === days);
  const lift = (verdict) => ({
    title: `${verdict}: lift, points`,
    style: "number",
    cell: (row) => {
      const found = at(row)?.verdicts.find((each) => each.verdict === verdict);
      if (!found || found.lift === null) return "–";
      return [formatPoints(found.lift), small(formatPointsRange(found.lift_low, found.lift_high) ?? "too few to say"), small(found.lift_low === null ? null : worth(found))];
    },
  });
  const columns = [
    { title: "Strategy", cell: ({ name, evidence }) => [name, small(`${formatCount(evidence.tickers, "ticker", "tickers")}, computed ${formatAgo(evidence.finished_at)}`)] },
    ...["Strong Buy", "Buy", "Sell", "Strong Sell"].map(lift),
    { title: "Beat buy and hold", style: "number", cell: ({ evidence }) => `${formatWhole(evidence.beat.beat)} of ${formatWhole(evidence.beat.tickers)}` },
  ];
  return table(`The strategies over ${days} days`, columns, known, { style: "as-cards", mark: ({ id }) => ({ strategy: id }) });
}
