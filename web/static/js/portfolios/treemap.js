// Shares of a whole as areas: squarified (Bruls, Huizing and van Wijk, 2000), so that areas are near to squares and can be compared.

import { h, svg } from "../dom.js";
import { formatHit } from "../evidence/figures.js";
import { picture } from "../evidence/picture.js";

const HEIGHT = 320;
const GAP = 2;
const LEAST_LABEL = { width: 54, height: 34 }; // pixels, below which a name does not fit
const TONES = 6;

/** @typedef {{name: string, share: number, href?: string | null, words: string}} Part */
/** @typedef {{x: number, y: number, width: number, height: number}} Area */

/**
 * The areas of shares within a rectangle, in the order of the shares, which have to descend.
 * @param {number[]} shares @param {Area} within @returns {Area[]}
 */
export function squarified(shares, within) {
  const whole = shares.reduce((sum, share) => sum + share, 0);
  const sizes = shares.map((share) => (share / whole) * within.width * within.height);
  /** @type {Area[]} */
  const areas = [];
  let { x, y, width, height } = within;
  for (let from = 0; from < sizes.length; ) {
    const side = Math.max(Math.min(width, height), 1e-9);
    let to = from + 1;
    let sum = sizes[from];
    while (to < sizes.length && worst(sizes, from, to + 1, sum + sizes[to], side) <= worst(sizes, from, to, sum, side)) {
      sum += sizes[to];
      to += 1;
    }
    const thickness = sum / side;
    let along = width < height ? x : y;
    for (let at = from; at < to; at += 1) {
      const length = sizes[at] / thickness;
      areas.push(width < height ? { x: along, y, width: length, height: thickness } : { x, y: along, width: thickness, height: length });
      along += length;
    }
    if (width < height) {
      y += thickness;
      height -= thickness;
    } else {
      x += thickness;
      width -= thickness;
    }
    from = to;
  }
  return areas;
}

/** How far from a square the worst of a row is. */
function worst(sizes, from, to, sum, side) {
  const [largest, smallest] = [sizes[from], sizes[to - 1]];
  return Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));
}

/** The parts of a whole as areas, each a link where it leads somewhere. The table beside has the same in numbers. @param {Part[]} parts */
export function treemap(parts) {
  const shown = parts.filter(({ share }) => share > 0).sort((one, other) => other.share - one.share);
  const build = (width) => {
    const areas = squarified(
      shown.map(({ share }) => share),
      { x: 0, y: 0, width, height: HEIGHT },
    );
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "group", "aria-label": "Allocation, the largest first" },
      shown.map((part, at) => cell(part, areas[at], at)),
    );
  };
  return h("div", { class: "treemap" }, picture(build));
}

/** @param {Part} part @param {Area} area @param {number} at */
function cell({ name, share, href = null, words }, { x, y, width, height }, at) {
  const fits = width >= LEAST_LABEL.width && height >= LEAST_LABEL.height;
  const inside = [
    svg("title", {}, words),
    svg("rect", { class: `part tone-${at % TONES}`, x: x + GAP / 2, y: y + GAP / 2, width: Math.max(width - GAP, 0.5), height: Math.max(height - GAP, 0.5), rx: 3 }),
    fits && svg("text", { class: "part-name", x: x + 8, y: y + 18 }, name),
    fits && svg("text", { class: "part-share", x: x + 8, y: y + 33 }, formatHit(share)),
  ].filter(Boolean);
  return href ? svg("a", { href, "aria-label": words }, inside) : svg("g", { role: "img", "aria-label": words }, inside);
}
