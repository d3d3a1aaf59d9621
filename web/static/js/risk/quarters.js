// What the quarter up to each day had: its volatility, and its beta to a benchmark with the correlation.

import { h, svg } from "../dom.js";
import { formatHit } from "../evidence/figures.js";
import { canvas, path, picture, scale, ticks } from "../evidence/picture.js";
import { formatDay, formatShare, numbers } from "../format.js";

const HEIGHT = 240;
const PAD = { left: 44, right: 12, top: 12, bottom: 30 };
const ratio = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** @param {string[]} days @param {(number | null)[]} volatility @param {number | null} whole - of all days together */
export const volatilityPicture = (days, volatility, whole) =>
  quarters(days, [{ name: "The volatility of each quarter", style: "volatility-line", values: volatility, format: formatHit }], whole, formatShare);

/** @param {{days: string[], beta: (number | null)[], correlation: (number | null)[]}} series @param {number | null} whole - the beta of all days together */
export function besidePicture({ days, beta, correlation }, whole) {
  const format = ratio.format;
  const lines = [
    { name: "The beta of each quarter", style: "volatility-line", values: beta, format },
    { name: "the correlation", style: "correlation-line", values: correlation, format },
  ];
  const item = (style, words) =>
    h("span", { class: "picture-key" }, svg("svg", { viewBox: "0 0 28 16", width: 28, height: 16, "aria-hidden": "true" }, svg("path", { class: style, d: "M2 8H26" })), words);
  return [quarters(days, lines, whole, format), h("p", { class: "picture-legend small soft" }, item("volatility-line", "Beta"), item("correlation-line", "Correlation"))];
}

/** Whether a line has a value on any day. @param {(number | null)[] | null} values */
export const hasValues = (values) => values?.some((value) => value !== null) ?? false;

function quarters(days, lines, whole, tick) {
  const drawn = lines.map((line) => ({ ...line, known: line.values.flatMap((value, at) => (value === null ? [] : [at])) })).filter(({ known }) => known.length);
  const ends = drawn.map(({ known, values }) => extremes(known, values));
  const lowest = Math.min(0, ...drawn.map(({ values }, at) => values[ends[at][0]]));
  const highest = Math.max(...drawn.map(({ values }, at) => values[ends[at][1]]));
  const first = Math.min(...drawn.map(({ known }) => known[0]));
  const words = drawn.map(({ name, values, format }, of) => {
    const [low, high] = ends[of];
    return `${name}: lowest ${format(values[low])} on ${formatDay(days[low])}, highest ${format(values[high])} on ${formatDay(days[high])}`;
  });
  return picture((width) => {
    const x = scale([first, days.length - 1], [PAD.left, width - PAD.right]);
    const y = scale([lowest, highest], [HEIGHT - PAD.bottom, PAD.top]);
    const every = Math.max(1, Math.floor((days.length - first) / (2 * width))); // more points than pixels are none to be seen
    const points = ({ known, values }) => known.filter((_, at) => at % every === 0 || at === known.length - 1).map((at) => /** @type {[number, number]} */ ([x(at), y(values[at])]));
    return canvas(
      width,
      HEIGHT,
      `${words.join("; ")}.`,
      ticks(lowest, highest, 4).map((value) => [
        svg("line", { class: "grid-line", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis-label", x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, tick(value)),
      ]),
      drawn.map((line) => svg("path", { class: line.style, d: path(points(line)) })),
      whole !== null && whole >= lowest && whole <= highest && svg("line", { class: "mark-line", x1: PAD.left, x2: width - PAD.right, y1: y(whole), y2: y(whole) }),
      [
        [first, "start"],
        [days.length - 1, "end"],
      ].map(([at, anchor]) => svg("text", { class: "axis-label", x: x(at), y: HEIGHT - 8, "text-anchor": anchor }, formatDay(days[Number(at)]))),
    );
  });
}

/** The days of the lowest and the highest value. @param {number[]} known */
function extremes(known, values) {
  let [low, high] = [known[0], known[0]];
  for (const at of known) {
    if (values[at] < values[low]) low = at;
    if (values[at] > values[high]) high = at;
  }
  return [low, high];
}
