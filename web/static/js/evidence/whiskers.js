// A share with its interval as whiskers around a mark: that of all days. Shapes tell what is what, not colours.

import { h, svg } from "../dom.js";
import { scale, ticks } from "./picture.js";

const WIDTH = 176;
const HEIGHT = 24;
const EDGE = 15;
const MIDDLE = HEIGHT / 2;
const ROUND = 0.1; // what a scale begins and ends at

/** A scale that holds all shares of some rows: [low, high]. @param {(number | null)[]} values @returns {[number, number]} */
export function domainOf(values) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return [0, 1];
  return [Math.max(0, Math.floor(Math.min(...known) / ROUND) * ROUND), Math.min(1, Math.ceil(Math.max(...known) / ROUND) * ROUND)];
}

/** The scale's axis, for the column's heading. @param {[number, number]} domain */
export function axis(domain) {
  const x = scale(domain, [EDGE, WIDTH - EDGE]);
  return svg(
    "svg",
    { class: "whiskers axis", viewBox: `0 0 ${WIDTH} 14`, width: WIDTH, height: 14, "aria-hidden": "true" },
    ticks(domain[0], domain[1], 4).map((value) => svg("text", { x: x(value), y: 11, "text-anchor": "middle" }, `${Math.round(100 * value)}%`)),
  );
}

/** Whether a lift is beyond luck: its own bounds say so more sharply than those of the share do. */
const isBeyondLuck = (low, high) => low !== null && high !== null && (low > 0 || high < 0);

/**
 * One row of evidence: the share that was right, its bounds (null where none are claimed), and the mark. Its numbers stand beside it.
 * @param {[number, number]} domain @param {any} row @param {number | null} base
 */
export function whiskers(domain, { hit: value, hit_low: low, hit_high: high, lift_low: less, lift_high: more }, base) {
  const x = scale(domain, [EDGE, WIDTH - EDGE]);
  const line = (from, to, style) => svg("line", { class: style, x1: from[0], y1: from[1], x2: to[0], y2: to[1] });
  const hasBounds = low !== null && high !== null;
  return svg(
    "svg",
    { class: "whiskers", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    ticks(domain[0], domain[1], 4).map((tick) => line([x(tick), 0], [x(tick), HEIGHT], "whisker-tick")),
    base !== null && [line([x(base), 1], [x(base), HEIGHT - 1], "whisker-base"), svg("path", { class: "whisker-base-head", d: `M${x(base) - 4} 0h8l-4 6Z` })],
    hasBounds && [
      line([x(low), MIDDLE], [x(high), MIDDLE], "whisker-range"),
      line([x(low), MIDDLE - 5], [x(low), MIDDLE + 5], "whisker-range"),
      line([x(high), MIDDLE - 5], [x(high), MIDDLE + 5], "whisker-range"),
    ],
    value !== null && svg("circle", { class: isBeyondLuck(less, more) ? "whisker-value apart" : "whisker-value", cx: x(value), cy: MIDDLE, r: 4.5 }),
  );
}

/** What the shapes mean. @param {string} value @param {string} base */
export function whiskerLegend(value, base) {
  const sign = (...shapes) => svg("svg", { class: "whiskers", viewBox: "0 0 28 16", width: 28, height: 16, "aria-hidden": "true" }, shapes);
  const range = () => svg("path", { class: "whisker-range", d: "M2 8H26M2 4v8M26 4v8" });
  const item = (shape, words) => h("span", { class: "picture-key" }, shape, words);
  return h(
    "p",
    { class: "picture-legend small soft" },
    item(sign(range(), svg("circle", { class: "whisker-value", cx: 14, cy: 8, r: 4.5 })), `${value}, with its 95% interval`),
    item(sign(range(), svg("circle", { class: "whisker-value apart", cx: 14, cy: 8, r: 4.5 })), "filled where the difference to any day is beyond luck"),
    item(sign(svg("line", { class: "whisker-base", x1: 14, y1: 1, x2: 14, y2: 15 }), svg("path", { class: "whisker-base-head", d: "M10 0h8l-4 6Z" })), base),
  );
}
