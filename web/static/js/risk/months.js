// The returns of the months as a map: a row for each year, stronger colours for stronger months, and the numbers in it.

import { h } from "../dom.js";
import { formatReturn } from "../evidence/figures.js";
import { numbers } from "../format.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FULL = 0.1; // a month's return, from which on the colour is at its strongest
const short = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });

/** @param {{month: string, value: number}[]} months */
export function monthMap(months) {
  /** @type {Map<string, Map<number, number>>} */
  const years = new Map();
  for (const { month, value } of months) {
    const year = month.slice(0, 4);
    if (!years.has(year)) years.set(year, new Map());
    years.get(year)?.set(Number(month.slice(5)) - 1, value);
  }
  const cell = (value) =>
    value === undefined
      ? h("td", {}, h("span", { class: "visually-hidden" }, "none"))
      : h("td", { dataset: { tone: value < 0 ? "down" : "up" }, style: { "--strength": `${Math.round(100 * Math.min(1, Math.abs(value) / FULL))}%` } }, short.format(100 * value));
  const row = ([year, known]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, year),
      MONTHS.map((_, at) => cell(known.get(at))),
      h("td", { class: "number" }, formatReturn([...known.values()].reduce((grown, value) => grown * (1 + value), 1) - 1)),
    );
  const caption = "Returns of the months, in percent";
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: "months figures" },
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Year", ...MONTHS, "Whole year"].map((title) => h("th", { scope: "col", class: title === "Year" ? null : "number" }, title)),
        ),
      ),
      h("tbody", {}, [...years].reverse().map(row)),
    ),
  );
}
