// How returns spread with the days after an entry: bands between quantiles, and the median of all days as a line.

import { h, svg } from "../dom.js";
import { formatCount } from "../format.js";
import { formatReturn, table } from "./figures.js";
import { band, canvas, endLabels, path, picture, scale, ticks } from "./picture.js";

const HEIGHT = 300;
const PAD = { left: 52, right: 128, top: 14, bottom: 34 };
const NARROW = 480; // pixels, below which the words stand below the picture

/** @param {{days: number[], quantiles: number[]}} fan @param {any} line - the verdict's @param {any} all - that of all days */
export function fanPicture(fan, line, all) {
  const [low, lower, middle, upper, high] = line.quantiles;
  const base = all.quantiles[2];
  const values = [...low, ...high, ...base, 0];
  const domain = /** @type {[number, number]} */ ([Math.min(...values), Math.max(...values)]);
  const last = fan.days.at(-1) ?? 1;
  return picture((width) => {
    const right = width < NARROW ? 14 : PAD.right;
    const x = scale([0, last], [PAD.left, width - right]);
    const y = scale(domain, [HEIGHT - PAD.bottom, PAD.top]);
    const start = /** @type {[number, number]} */ ([x(0), y(0)]);
    const points = (row) => [start, ...fan.days.map((day, at) => /** @type {[number, number]} */ ([x(day), y(row[at])]))];
    const days = [0, 5, 10, 20, 30, 40, 60].filter((day) => day <= last);
    const ends = [
      { y: y(high.at(-1)), text: "1 in 10 above", style: "soft" },
      { y: y(middle.at(-1)), text: "median", style: "strong" },
      { y: y(base.at(-1)), text: "any day’s median", style: "base" },
      { y: y(low.at(-1)), text: "1 in 10 below", style: "soft" },
    ];
    return canvas(
      width,
      HEIGHT,
      inWords(fan, line, all),
      ticks(...domain, 7).map((value) => [
        svg("line", { class: value === 0 ? "grid-line zero" : "grid-line", x1: PAD.left, x2: width - right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis-label", x: PAD.left - 8, y: y(value) + 4, "text-anchor": "end" }, `${Math.round(100 * value)}%`),
      ]),
      days.map((day) => svg("text", { class: "axis-label", x: x(day), y: HEIGHT - PAD.bottom + 18, "text-anchor": "middle" }, day)),
      svg("path", { class: "fan-band outer", d: band(points(high), points(low)) }),
      svg("path", { class: "fan-band inner", d: band(points(upper), points(lower)) }),
      svg("path", { class: "fan-median", d: path(points(middle)) }),
      svg("path", { class: "fan-base", d: path(points(base)) }),
      width >= NARROW && endLabels(ends, width - right + 8, { low: PAD.top, high: HEIGHT - PAD.bottom }),
    );
  });
}

export function fanLegend() {
  const sign = (...shapes) => svg("svg", { viewBox: "0 0 28 16", width: 28, height: 16, "aria-hidden": "true" }, shapes);
  const item = (shape, words) => h("span", { class: "picture-key" }, shape, words);
  return h(
    "p",
    { class: "picture-legend small soft" },
    item(sign(svg("path", { class: "fan-median", d: "M2 8H26" })), "median after this verdict"),
    item(sign(svg("rect", { class: "fan-band inner", x: 2, y: 2, width: 24, height: 12 })), "the middle half"),
    item(sign(svg("rect", { class: "fan-band outer", x: 2, y: 2, width: 24, height: 12 })), "eight in ten"),
    item(sign(svg("path", { class: "fan-base", d: "M2 8H26" })), "median after any day"),
  );
}

function inWords(fan, line, all) {
  const [low, , middle, , high] = line.quantiles.map((row) => row.at(-1));
  const base = all.quantiles[2].at(-1);
  return `${fan.days.at(-1)} days after ${name(line)}: median ${formatReturn(middle)}, one in ten below ${formatReturn(low)}, one in ten above ${formatReturn(high)}; after any day, median ${formatReturn(base)}.`;
}

const name = ({ verdict, n }) => `${verdict ?? "any day"} (${formatCount(n, "day", "days")})`;

/** The same numbers. */
export function fanTable(fan, line, all) {
  const titles = ["One in ten below", "A quarter below", "Median", "A quarter above", "One in ten above"];
  const columns = [
    { title: "Days after the entry", cell: (at) => String(fan.days[at]) },
    ...titles.map((title, quantile) => ({ title, style: "number", cell: (at) => formatReturn(line.quantiles[quantile][at]) })),
    { title: "Median after any day", style: "number", cell: (at) => formatReturn(all.quantiles[2][at]) },
  ];
  return table(
    `Returns before cost after ${name(line)}`,
    columns,
    fan.days.map((_, at) => at),
  );
}
