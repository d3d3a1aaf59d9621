// Small pieces that several pages show.

import { h, svg } from "./dom.js";
import { formatScore } from "./format.js";
import { badge, toneOf } from "./words.js";

export function verdictBadge(verdict) {
  return badge("verdict", verdict);
}

/** A score from -1 to 1 as a bar to either side of the middle, with the number for those who do not see it. */
export function scoreBar(score, verdict) {
  const reach = Math.min(Math.abs(score), 1) * 50;
  return h(
    "div",
    { class: "score-bar", role: "img", "aria-label": `Score ${formatScore(score)}` },
    h("span", { class: toneOf(verdict), style: { "--from": `${score < 0 ? 50 - reach : 50}%`, "--width": `${reach}%` } }),
  );
}

/** The newest closes as a line. */
export function sparkline(closes, { width = 120, height = 32 } = {}) {
  const values = (closes ?? []).filter((value) => typeof value === "number");
  if (values.length < 2) return h("span", { class: "soft" }, "–");
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const step = (width - 2) / (values.length - 1);
  const points = values.map((value, at) => `${(1 + at * step).toFixed(1)},${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`);
  const rose = values.at(-1) >= values[0];
  return svg(
    "svg",
    {
      class: `sparkline ${rose ? "up" : "down"}`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `The last ${values.length} closes, ${rose ? "rising" : "falling"} overall`,
    },
    svg("polyline", { points: points.join(" "), fill: "none", stroke: "currentColor", "stroke-width": "1.5", "stroke-linejoin": "round" }),
  );
}

/** A labelled form control. */
export function field(label, control) {
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

/** A select of [value, name] pairs. */
export function select(id, options, value, onchange) {
  return h(
    "select",
    { id, name: id, onchange },
    options.map(([given, name]) => h("option", { value: given, selected: given === value }, name)),
  );
}
