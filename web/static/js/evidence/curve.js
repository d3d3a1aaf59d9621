// The calibration curve: what followed the days of each tenth by score, lowest first, with intervals around it, beside any day.

import { h, svg } from "../dom.js";
import { formatScore, formatWhole } from "../format.js";
import { formatHit, formatHitRange, formatReturn, formatReturnRange, table } from "./figures.js";
import { canvas, path, picture, scale, ticks } from "./picture.js";

const HEIGHT = 320;
const PAD = { left: 56, right: 16, top: 16, bottom: 52 };
const CAP = 5; // half the width of the end of a whisker

/**
 * @typedef {object} Measure
 * @property {string} name
 * @property {(decile: any) => [value: number, low: number | null, high: number | null]} of
 * @property {(horizon: any) => number} mark - what it is held against
 * @property {string} markName
 * @property {(value: number) => string} format
 * @property {(value: number) => string} tick - of the axis
 * @property {(low: number | null, high: number | null) => string | null} range
 */

/** @type {Record<string, Measure>} */
export const MEASURES = {
  hit: {
    name: "Share that rose after cost",
    of: ({ hit, hit_low: low, hit_high: high }) => [hit, low, high],
    mark: ({ base }) => base.hit,
    markName: "any day",
    format: formatHit,
    tick: (value) => `${Math.round(100 * value)}%`,
    range: formatHitRange,
  },
  excess: {
    name: "Mean return beyond the ticker’s own",
    of: ({ excess, excess_low: low, excess_high: high }) => [excess, low, high],
    mark: () => 0,
    markName: "no more than the ticker’s own mean",
    format: formatReturn,
    tick: formatReturn,
    range: formatReturnRange,
  },
};

/** @param {any} horizon - of a universe's evidence @param {Measure} measure */
export function curve(horizon, measure) {
  const rows = horizon.deciles.map((decile) => ({ decile: decile.decile, bounds: measure.of(decile) }));
  const mark = measure.mark(horizon);
  const values = [mark, ...rows.flatMap(({ bounds }) => bounds.filter((value) => value !== null))];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * 0.06 || 0.01;
  return picture((width) => {
    const x = scale([1, horizon.deciles.length], [PAD.left + 24, width - PAD.right - 24]);
    const y = scale([low - room, high + room], [HEIGHT - PAD.bottom, PAD.top]);
    const line = (from, to, style) => svg("line", { class: style, x1: from[0], y1: from[1], x2: to[0], y2: to[1] });
    const point = ({ decile, bounds: [value, below, above] }) => {
      const at = x(decile);
      const isApart = below !== null && above !== null && (below > mark || above < mark);
      return [
        below !== null && above !== null && [line([at, y(below)], [at, y(above)], "whisker-range"), [below, above].map((end) => line([at - CAP, y(end)], [at + CAP, y(end)], "whisker-range"))],
        svg("circle", { class: isApart ? "whisker-value apart" : "whisker-value", cx: at, cy: y(value), r: 5 }),
      ];
    };
    return canvas(
      width,
      HEIGHT,
      inWords(horizon, measure),
      ticks(low - room, high + room, 6).map((value) => [
        svg("line", { class: "grid-line", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis-label", x: PAD.left - 8, y: y(value) + 4, "text-anchor": "end" }, measure.tick(value)),
      ]),
      line([PAD.left, y(mark)], [width - PAD.right, y(mark)], "hold-line"),
      svg("path", { class: "curve-line", d: path(rows.map(({ decile, bounds }) => /** @type {[number, number]} */ ([x(decile), y(bounds[0])]))) }),
      rows.map(point),
      rows.map(({ decile }) => svg("text", { class: "axis-label", x: x(decile), y: HEIGHT - PAD.bottom + 20, "text-anchor": "middle" }, decile)),
      svg("text", { class: "axis-label", x: PAD.left, y: HEIGHT - 8 }, "lowest scores"),
      svg("text", { class: "axis-label", x: width - PAD.right, y: HEIGHT - 8, "text-anchor": "end" }, "highest scores"),
    );
  });
}

export function curveLegend(measure) {
  const sign = (...shapes) => svg("svg", { viewBox: "0 0 28 16", width: 28, height: 16, "aria-hidden": "true" }, shapes);
  const range = () => svg("path", { class: "whisker-range", d: "M14 1V15M10 1h8M10 15h8" });
  const item = (shape, words) => h("span", { class: "picture-key" }, shape, words);
  return h(
    "p",
    { class: "picture-legend small soft" },
    item(sign(range(), svg("circle", { class: "whisker-value", cx: 14, cy: 8, r: 4.5 })), `${measure.name.toLowerCase()}, with its 95% interval`),
    item(sign(range(), svg("circle", { class: "whisker-value apart", cx: 14, cy: 8, r: 4.5 })), "filled where the interval does not reach the line"),
    item(sign(svg("path", { class: "hold-line", d: "M2 8H26" })), measure.markName),
  );
}

function inWords({ h: days, deciles }, measure) {
  const [first, last] = [deciles[0], deciles.at(-1)].map((decile) => measure.format(measure.of(decile)[0]));
  return `${measure.name} over ${days} days, by tenths of the score: ${first} in the lowest, ${last} in the highest.`;
}

/** What the curve says: whether higher scores were followed by more. */
export function curveSentence({ deciles }) {
  const [lowest, highest] = [deciles[0], deciles.at(-1)];
  const told = `Of the days with the lowest tenth of scores ${formatHit(lowest.hit)} rose, of those with the highest ${formatHit(highest.hit)}`;
  if (lowest.hit_high === null || highest.hit_low === null) return `${told}; there are too few to say whether that is luck.`;
  if (highest.hit_low > lowest.hit_high) return `${told}: higher scores were followed by more rises, beyond luck.`;
  if (highest.hit_high < lowest.hit_low) return `${told}: higher scores were followed by fewer rises, beyond luck.`;
  return `${told}: the intervals overlap, so this may be luck.`;
}

/** The same numbers. @param {any} horizon */
export function curveTable(horizon) {
  const { hit, excess } = MEASURES;
  const small = (text) => text && h("div", { class: "small soft" }, text);
  const cell = (measure) => (decile) => {
    const [value, low, high] = measure.of(decile);
    return [measure.format(value), small(measure.range(low, high))];
  };
  const columns = [
    { title: "Tenth", cell: ({ decile }) => String(decile) },
    { title: "Scores", style: "number", cell: ({ low_score: low, high_score: high }) => `${formatScore(low)} to ${formatScore(high)}` },
    { title: "Days", style: "number", cell: ({ n }) => formatWhole(n) },
    { title: "Rose after cost", style: "number", cell: cell(hit) },
    { title: "Mean return", style: "number", cell: ({ mean }) => formatReturn(mean) },
    { title: "Beyond the ticker’s own", style: "number", cell: cell(excess) },
  ];
  return table(`What followed, over ${horizon.h} days, by tenths of the score`, columns, horizon.deciles);
}
