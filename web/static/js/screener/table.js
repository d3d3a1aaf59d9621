// The results as a table. On a phone its rows are laid out as cards, which takes their meaning from them in some browsers: so roles say it again.

import { h } from "../dom.js";
import { formatDay, formatPrice, formatScore } from "../format.js";
import { ago } from "../moments.js";
import { oneStopPerRow } from "../rows.js";
import { strategyName } from "../strategies.js";
import { scoreBar, verdictBadge } from "../widgets.js";

/** @type {[name: string, title: string, type?: string][]} */
const COLUMNS = [
  ["ticker", "Ticker"],
  ["", "Verdict"],
  ["score", "Score"],
  ["", "Close", "number"],
  ["", "As of"],
  ["", "Strategy"],
  ["", "Analysed"],
];

/** An empty table in the order `sort`; `onSort(sort)` is called with the order that a heading asks for. */
export function buildTable(sort, onSort) {
  const key = sort.replace(/^-/, "");
  const direction = sort.startsWith("-") ? "descending" : "ascending";
  // A score is looked at from the best down, a ticker from A.
  const next = (name) => (name !== key ? { score: "-score", ticker: "ticker" }[name] : direction === "descending" ? name : `-${name}`);
  /** @type {(column: typeof COLUMNS[number]) => HTMLElement} */
  const heading = ([name, title, type]) =>
    h(
      "th",
      { role: "columnheader", scope: "col", class: type, "aria-sort": name && name === key ? direction : null, dataset: { sort: name } },
      name ? h("button", { type: "button", onclick: () => onSort(next(name)) }, title) : title,
    );
  const body = oneStopPerRow(h("tbody", { role: "rowgroup" }));
  const head = h("tr", { role: "row" }, COLUMNS.map(heading), h("th", { role: "columnheader", scope: "col" }, h("span", { class: "visually-hidden" }, "Watchlist")));
  const table = h("table", { class: "results", role: "table" }, h("caption", { class: "visually-hidden" }, "The latest result of each ticker"), h("thead", { role: "rowgroup" }, head), body);
  return { element: h("div", { class: "table-scroll" }, table), body };
}

/** One result. `follow` is the cell's content for the watchlist. */
export function buildRow(result, follow) {
  const { ticker, strategy } = result;
  return h(
    "tr",
    { role: "row", dataset: { ticker } },
    h(
      "th",
      { role: "rowheader", scope: "row", class: "name-cell" },
      h("a", { href: `/tickers/${encodeURIComponent(ticker)}${strategy === "balanced" ? "" : `?strategy=${encodeURIComponent(strategy)}`}` }, ticker),
    ),
    h("td", { role: "cell", class: "verdict-cell" }, verdictBadge(result.verdict)),
    h("td", { role: "cell", class: "score-cell" }, h("div", { class: "score" }, h("span", { class: "number" }, formatScore(result.score)), scoreBar(result.score, result.verdict))),
    h("td", { role: "cell", class: "number close-cell" }, formatPrice(result.close)),
    h("td", { role: "cell", class: "small day-cell" }, formatDay(result.as_of)),
    h("td", { role: "cell", class: "small strategy-cell" }, strategyName(strategy)),
    h("td", { role: "cell", class: "small run-cell" }, ago(result.created_at)),
    h("td", { role: "cell", class: "follow-cell" }, follow),
  );
}
