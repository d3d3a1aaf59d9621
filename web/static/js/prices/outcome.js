// What the service says of a file: how it was read, what was rescaled, what is odd about it, and what it would make of the prices.

import { h } from "../dom.js";
import { formatDay, formatPrice, formatWhole } from "../format.js";
import { badge, warningBadge } from "../words.js";
import { closesChart } from "./closes-chart.js";

/** What a stored file became. */
export function stored(answer) {
  return h(
    "div",
    { class: "stored" },
    h("p", {}, badge("file", "stored"), " ", h("a", { href: `/tickers/${encodeURIComponent(answer.ticker)}` }, answer.ticker), ` has ${extentOf(answer)}`),
    remarks(answer),
  );
}

/** What a file would become, for whoever decides on it. */
export function previewed(answer) {
  const { first, last, closes } = answer.preview;
  const chart = closesChart(closes);
  return h(
    "div",
    { class: "previewed" },
    h("p", {}, badge("file", "checked"), ` ${answer.ticker} would have ${extentOf(answer)} Nothing is stored yet.`),
    remarks(answer),
    h("details", { open: true }, h("summary", {}, "First and last rows as they would be stored"), rowsTable(first, last, answer.bars)),
    chart,
  );
}

function extentOf({ bars, first, last, dropped }) {
  const extent = `${formatWhole(bars)} ${bars === 1 ? "bar" : "bars"}, ${formatDay(first)} to ${formatDay(last)}.`;
  return dropped > 0 ? `${extent} ${formatWhole(dropped)} ${dropped === 1 ? "row is" : "rows are"} left out.` : extent;
}

function remarks({ rescaled, understood, warnings }) {
  return [
    rescaled !== null && h("p", { class: "rescaled" }, rescaledIn(rescaled)),
    h("p", { class: "small soft understood" }, understoodIn(understood)),
    warnings.length > 0 &&
      h(
        "ul",
        { class: "warnings" },
        warnings.map((warning) => h("li", {}, warningBadge(), " ", warning.message)),
      ),
  ];
}

function rescaledIn({ series, before, actions }) {
  const what = series === "stored" ? "The prices stored before" : "The prices of the file";
  const why = actions.length ? actions.join(", ") : "another footing";
  return `${what} are rescaled up to ${formatDay(before)}: ${why}.`;
}

const DATES = { ymd: "year first", dmy: "day first", mdy: "month first", epoch_seconds: "seconds since 1970", epoch_milliseconds: "milliseconds since 1970" };
const DELIMITERS = { "": "cells", ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };

/** How the file was read, in words. */
function understoodIn({ delimiter, decimal, dates, ignored }) {
  const parts = [`dates as ${DATES[dates]}`, `${DELIMITERS[delimiter]} between columns`, `a decimal ${decimal === "," ? "comma" : "point"}`];
  return `Read as: ${parts.join(", ")}${ignored.length ? `; not read: ${ignored.join(", ")}` : ""}.`;
}

function rowsTable(first, last, bars) {
  const later = last.slice(Math.max(0, first.length + last.length - bars)); // in a short series both ends have the same rows
  const isAdjusted = first.some((row) => row.adj_close !== null);
  const names = ["Open", "High", "Low", "Close", ...(isAdjusted ? ["Adj. close"] : []), "Volume"];
  const cells = (row) => [row.open, row.high, row.low, row.close, ...(isAdjusted ? [row.adj_close] : [])].map(formatPrice).concat(formatWhole(row.volume));
  const line = (row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, formatDay(row.day)),
      cells(row).map((text) => h("td", { class: "number" }, text)),
    );
  const between = bars - first.length - later.length;
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "First and last rows" },
    h(
      "table",
      { class: "preview-rows" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "Day"),
          names.map((name) => h("th", { scope: "col", class: "number" }, name)),
        ),
      ),
      h("tbody", {}, first.map(line), between > 0 && h("tr", {}, h("td", { colspan: String(names.length + 1), class: "soft" }, `… ${formatWhole(between)} more …`)), later.map(line)),
    ),
  );
}
