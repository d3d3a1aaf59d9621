// What the service says of a file: how it was read, what was rescaled, what is odd about it, and what it would make of the prices.

import { h } from "../dom.js";
import { formatCount, formatDay, formatPrice, formatWhole } from "../format.js";
import { tickerAddress } from "../tickers.js";
import { badge } from "../words.js";
import { closesChart } from "./closes-chart.js";
import { warningList } from "./warnings.js";

/** What a stored file became; `extra` stands below, as the way to undo it. */
export function stored(answer, extra) {
  return h(
    "div",
    { class: "stored" },
    h("p", {}, badge("file", "stored"), " ", h("a", { href: tickerAddress(answer.ticker) }, answer.ticker), ` has ${extentOf(answer)}`),
    remarks(answer, { ticker: answer.ticker }),
    extra,
  );
}

/** What a file would become, for whoever decides on it. `isOpen`: with its rows and closes in sight. */
export function previewed(answer, isOpen) {
  const details = () => {
    const { first, last, closes } = answer.preview;
    return [h("h4", {}, "First and last rows as they would be stored"), rowsTable(first, last, answer.bars), closesChart(closes)];
  };
  const body = h("div", { class: "preview-body" });
  const show = () => {
    if (!body.hasChildNodes()) body.append(...details().filter((part) => part !== null));
  };
  return h(
    "div",
    { class: "previewed" },
    h("p", {}, badge("file", "checked"), ` ${answer.ticker} would have ${extentOf(answer)} Nothing is stored yet.`),
    answer.lost && h("p", { class: "loss" }, `${lossIn(answer.lost)} would be deleted: the file does not hold ${answer.lost.days === 1 ? "it" : "them"}.`),
    remarks(answer),
    answer.preview && h("details", { open: isOpen, ontoggle: (event) => event.currentTarget.open && show() }, h("summary", {}, "Rows and closes"), body),
  );
}

/** "430 stored days (…)". */
export function lossIn({ days, first, last }) {
  return `${formatCount(days, "stored day", "stored days")} (${formatDay(first)}${days === 1 ? "" : ` to ${formatDay(last)}`})`;
}

function extentOf({ bars, first, last, dropped }) {
  const extent = `${formatCount(bars, "bar", "bars")}, ${formatDay(first)} to ${formatDay(last)}.`;
  return dropped > 0 ? `${extent} ${formatCount(dropped, "row is", "rows are")} left out.` : extent;
}

function remarks({ rescaled, splits, understood, warnings }, of = {}) {
  const found = splits ?? []; // of an import from before it was told
  return [
    rescaled !== null && h("p", { class: "rescaled" }, rescaledIn(rescaled)),
    found.length > 0 && h("p", { class: "splits" }, splitsIn(found)),
    h("p", { class: "small soft understood" }, understoodIn(understood)),
    warningList(warnings, of),
  ];
}

function rescaledIn({ series, before, actions }) {
  const what = series === "stored" ? "The prices stored before" : "The prices of the file";
  const why = actions.length ? actions.join(", ") : "another footing";
  return `${what} are rescaled up to ${formatDay(before)}: ${why}.`;
}

/** "Splits found: 2:1 on 28 February 2005. Holdings count them." */
function splitsIn(splits) {
  const told = splits.map(({ day, numerator, denominator }) => `${numerator}:${denominator} on ${formatDay(day)}`).join(", ");
  return `${splits.length === 1 ? "Split" : "Splits"} found: ${told}. Holdings count ${splits.length === 1 ? "it" : "them"}.`;
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
