// Pictures of numbers: drawn anew for the width that they have, so that their words stay as large as those around them.

import { fill, h, svg } from "../dom.js";

const TICKS = 5; // at most about as many steps on an axis
const STEPS = [1, 2, 2.5, 5, 10];

/** An element whose picture is `draw(width)`, an SVG, for each width that it comes to have. @param {(width: number) => Element} draw */
export function picture(draw) {
  const element = h("div", { class: "picture" });
  let drawn = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width <= 0 || width === drawn) return; // nothing is seen of it, or it is as it was
    drawn = width;
    fill(element, draw(width));
  }).observe(element);
  return element;
}

/** The SVG of a picture, told in words to those who do not see it. */
export function canvas(width, height, words, ...children) {
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": words }, ...children);
}

/** Numbers of a range onto pixels. @param {[number, number]} range @param {[number, number]} pixels */
export function scale([low, high], [from, to]) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** Round numbers within a range, for the lines of an axis. @returns {number[]} */
export function ticks(low, high, most = TICKS) {
  const raw = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = (STEPS.find((each) => each * power >= raw) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, at) => (first + at) * step);
}

/** Points as a line; null begins a new stretch. @param {(readonly [number, number] | null)[]} points */
export function path(points) {
  let isOpen = false;
  return points
    .map((point) => {
      if (point === null) {
        isOpen = false;
        return "";
      }
      const text = `${isOpen ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      isOpen = true;
      return text;
    })
    .join("");
}

/** The area between two lines. */
export function band(upper, lower) {
  return `${path(upper)}${path([...lower].reverse()).replace("M", "L")}Z`;
}

/** Words beside the ends of lines, moved apart so that none covers another. @param {{y: number, text: string, style: string}[]} labels */
export function endLabels(labels, x, { low, high, size = 15 }) {
  const placed = [...labels].sort((one, other) => one.y - other.y).map((label) => ({ ...label, at: Math.max(label.y, low) }));
  for (let at = 1; at < placed.length; at += 1) placed[at].at = Math.max(placed[at].at, placed[at - 1].at + size);
  for (let at = placed.length - 1, bottom = high; at >= 0; at -= 1, bottom = placed[at + 1].at - size) placed[at].at = Math.min(placed[at].at, bottom);
  return placed.map(({ at, text, style }) => svg("text", { class: `end-label ${style}`, x, y: at + 4 }, text));
}
