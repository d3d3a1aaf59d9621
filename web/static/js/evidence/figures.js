// Tables of numbers, and the numbers' formats.

import { h } from "../dom.js";
import { formatPercent, numbers } from "../format.js";

const NONE = "–";
const exact = numbers({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = numbers({ style: "percent", maximumFractionDigits: 0 });
const points = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
const plain = numbers({ maximumFractionDigits: 0 });
const has = (value) => value !== null && value !== undefined;

/** 0.583 → 58.3%. */
export const formatHit = (value) => (has(value) ? exact.format(value) : NONE);
/** 0.5, 0.66 → 50–66%. */
export const formatHitRange = (low, high) => (has(low) && has(high) ? `${plain.format(100 * low)}–${whole.format(high)}` : null);
/** 0.031 → +3.1: of percent, as differences of shares are told. */
export const formatPoints = (value) => (has(value) ? points.format(100 * value) : NONE);
/** -0.02, 0.082 → −2.0 to +8.2. */
export const formatPointsRange = (low, high) => (has(low) && has(high) ? `${formatPoints(low)} to ${formatPoints(high)}` : null);
/** 0.0123 → +1.23%. */
export const formatReturn = (value) => (has(value) ? formatPercent(100 * value) : NONE);
export const formatReturnRange = (low, high) => (has(low) && has(high) ? `${formatReturn(low)} to ${formatReturn(high)}` : null);

const move = numbers({ style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
/** 3.6576 → +366%: of years, where the digits behind are noise. */
export const formatGrowth = (value) => (has(value) ? move.format(value) : NONE);

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {any} [head] - what stands below the title
 * @property {string} [style]
 * @property {(row: any) => any} cell
 */

/**
 * A table that a narrow page scrolls; on a phone its rows are cards, which takes their meaning from them in some browsers: so roles say it again.
 * @param {string} caption
 * @param {Column[]} columns - the first is the row's heading
 * @param {any[]} rows
 * @param {{style?: string, mark?: (row: any) => Record<string, string>}} [options]
 */
export function table(caption, columns, rows, { style = "", mark = () => ({}) } = {}) {
  const [head, ...rest] = columns;
  /** @param {Column} column */
  const heading = ({ title, head: below, style: kind }) => h("th", { role: "columnheader", scope: "col", class: kind }, title, below);
  const row = (data) =>
    h(
      "tr",
      { role: "row", dataset: mark(data) },
      h("th", { role: "rowheader", scope: "row" }, head.cell(data)),
      rest.map(({ title, style: kind, cell }) => h("td", { role: "cell", class: kind, dataset: { title } }, h("div", { class: "value" }, cell(data)))),
    );
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: `figures ${style}`.trim(), role: "table" },
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map(heading))),
      h("tbody", { role: "rowgroup" }, rows.map(row)),
    ),
  );
}

/** What is folded until it is asked for; it is built then. @param {string} title @param {() => any} build */
export function folded(title, build, { style = "" } = {}) {
  let isBuilt = false;
  const element = h("details", { class: `folded ${style}`.trim() }, h("summary", {}, title));
  element.addEventListener("toggle", () => {
    if (!element.open || isBuilt) return;
    isBuilt = true;
    element.append(...[build()].flat(Infinity).filter(Boolean));
  });
  return element;
}

/** Names with what they mean. @param {[name: string, meaning: any][]} entries */
export function definitions(entries) {
  return h(
    "dl",
    { class: "definitions" },
    entries.map(([name, meaning]) => h("div", {}, h("dt", {}, name), h("dd", {}, meaning))),
  );
}

/** One of a few, as a row of buttons; `set(value)` presses the button of another. @param {string} label @param {[value: string, name: string][]} options @param {(value: string) => void} onChoice */
export function segments(label, options, onChoice) {
  const buttons = options.map(([value, name]) => h("button", { type: "button", "aria-pressed": "false", dataset: { value }, onclick: () => onChoice(value) }, name));
  const element = h("div", { class: "segments", role: "group", "aria-label": label }, buttons);
  const set = (value) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
  };
  return { element, set };
}
