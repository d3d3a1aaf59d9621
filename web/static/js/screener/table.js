// The results as a table. On a phone its rows are laid out as cards, which takes their meaning from them in some browsers: so roles say it again.

import { h } from "../dom.js";
import { freshnessBadge } from "../freshness.js";
import { oneStopPerRow } from "../rows.js";
import { tickerAddress } from "../tickers.js";
import { nextSort } from "./columns.js";

/** An empty table of some columns in the order `sort`; `onSort(sort)` is called with the order that a heading asks for. */
export function buildTable(columns, sort, onSort) {
  const sorted = sort.replace(/^-/, "");
  const direction = sort.startsWith("-") ? "descending" : "ascending";
  const heading = ({ key, title, type }) =>
    h(
      "th",
      { role: "columnheader", scope: "col", class: type, "aria-sort": key === sorted ? direction : null, dataset: { sort: key } },
      h("button", { type: "button", onclick: () => onSort(nextSort(key, sort)) }, title),
    );
  const body = oneStopPerRow(h("tbody", { role: "rowgroup" }));
  const headings = [heading({ key: "ticker", title: "Ticker", type: null }), ...columns.map(heading)];
  const head = h("tr", { role: "row" }, headings, h("th", { role: "columnheader", scope: "col" }, h("span", { class: "visually-hidden" }, "Watchlist")));
  const table = h("table", { class: "results", role: "table" }, h("caption", { class: "visually-hidden" }, "The latest result of each ticker"), h("thead", { role: "rowgroup" }, head), body);
  return { element: h("div", { class: "table-scroll" }, table), body };
}

/** One result. `follow` is the cell's content for the watchlist. */
export function buildRow(columns, result, follow) {
  const { ticker, strategy } = result;
  return h(
    "tr",
    { role: "row", dataset: { ticker } },
    h(
      "th",
      { role: "rowheader", scope: "row", class: "name-cell" },
      h("a", { href: tickerAddress(ticker, strategy) }, ticker),
      !columns.some(({ key }) => key === "close") && h("div", {}, freshnessBadge(result.freshness, result.last_day)), // otherwise beside the close
    ),
    columns.map(({ key, title, type, cell }) => h("td", { role: "cell", class: [type, `${key}-cell`].filter(Boolean).join(" "), dataset: { title } }, h("div", { class: "value" }, cell(result)))),
    h("td", { role: "cell", class: "follow-cell" }, follow),
  );
}
