// How often daily returns of each size came, with those that 5% of the days fall below apart.

import { svg } from "../dom.js";
import { formatReturn } from "../evidence/figures.js";
import { canvas, picture, scale, ticks } from "../evidence/picture.js";
import { formatCount, formatShare, formatWhole } from "../format.js";

const HEIGHT = 240;
const PAD = { left: 44, right: 12, top: 22, bottom: 30 };
const GAP = 1; // pixels between bars

/** @param {{edges: number[], counts: number[]}} distribution @param {number | null} valueAtRisk */
export function distributionPicture({ edges, counts }, valueAtRisk) {
  const highest = Math.max(...counts);
  const [low, high] = [edges[0], edges[edges.length - 1]];
  const most = counts.indexOf(highest);
  const words = `${formatCount(
    counts.reduce((sum, count) => sum + count, 0),
    "day",
    "days",
  )} by their return: most often between ${formatReturn(edges[most])} and ${formatReturn(edges[most + 1])}; the outer bars have all beyond ${formatReturn(low)} and ${formatReturn(high)} as well.`;
  return picture((width) => {
    const x = scale([low, high], [PAD.left, width - PAD.right]);
    const y = scale([0, highest], [HEIGHT - PAD.bottom, PAD.top]);
    const bar = (count, at) => {
      const isTail = valueAtRisk !== null && edges[at + 1] <= valueAtRisk;
      return svg("rect", {
        class: isTail ? "bar tail" : "bar",
        x: x(edges[at]) + GAP / 2,
        width: Math.max(0.5, x(edges[at + 1]) - x(edges[at]) - GAP),
        y: y(count),
        height: y(0) - y(count),
      });
    };
    return canvas(
      width,
      HEIGHT,
      words,
      ticks(0, highest, 4).map((value) => [
        svg("line", { class: "grid-line", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis-label", x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, formatWhole(value)),
      ]),
      counts.map(bar),
      ticks(low, high, 4).map((value) => svg("text", { class: "axis-label", x: x(value), y: HEIGHT - 8, "text-anchor": "middle" }, formatShare(value))),
      valueAtRisk !== null && [
        svg("line", { class: "mark-line", x1: x(valueAtRisk), x2: x(valueAtRisk), y1: PAD.top - 6, y2: y(0) }),
        svg("text", { class: "base", x: x(valueAtRisk), y: PAD.top - 9, "text-anchor": "middle" }, "1 day in 20"),
      ],
    );
  });
}
