// The watchlist as a table: its columns and its rows.

import { h } from "../dom.js";
import { formatDay, formatMoment, formatMove, formatPercent, formatPrice, formatScore } from "../format.js";
import { freshnessBadge } from "../freshness.js";
import { oneStopPerRow } from "../rows.js";
import { supersededBadge } from "../superseded.js";
import { tickerAddress } from "../tickers.js";
import { scoreBar, sparkline, verdictBadge } from "../widgets.js";
import { failureParts, isChanged, outdatedWords } from "./facts.js";
import { close } from "./order.js";

// The rows are laid out as grids, which takes their meaning from them in some browsers; so it is said again.
const cell = (props, ...children) => h("td", { role: "cell", ...props }, children);

/** @type {{key?: string, name: string, type?: string, hidden?: boolean}[]} */
const COLUMNS = [
  { key: "ticker", name: "Ticker" },
  { key: "close", name: "Close", type: "number" },
  { key: "day", name: "Day change", type: "number" },
  { name: "Last closes" },
  { key: "verdict", name: "Verdict" },
  { key: "score", name: "Score" },
  { name: "Notes" },
  { name: "Actions", hidden: true },
];
export const COLUMN_COUNT = COLUMNS.length;

/** @typedef {{strategy: string, since: number, byHand: boolean, list: string, hasLists: boolean}} View - what a row depends on beside its item */

/** An empty table. `onSort(key)` is called when a heading is pressed. */
export function buildTable(onSort) {
  /** @type {(column: typeof COLUMNS[number]) => HTMLElement} */
  const heading = ({ key, name, type, hidden }) =>
    h(
      "th",
      { role: "columnheader", scope: "col", class: type, dataset: key ? { sort: key } : {} },
      hidden ? h("span", { class: "visually-hidden" }, name) : key ? h("button", { type: "button", onclick: () => onSort(key) }, name) : name,
    );
  const body = oneStopPerRow(h("tbody", { role: "rowgroup" }));
  const head = h("tr", { role: "row" }, COLUMNS.map(heading));
  const table = h("table", { class: "watchlist", role: "table" }, h("caption", { class: "visually-hidden" }, "The watchlist with the latest verdicts"), h("thead", { role: "rowgroup" }, head), body);
  return { element: table, head, body };
}

/** One row. Its buttons carry `data-action` and the row `data-ticker`: one listener at the table serves all. @param {any} item @param {View} view */
export function buildRow(item, view) {
  const { ticker, latest } = item;
  return h(
    "tr",
    { role: "row", dataset: { ticker } },
    h(
      "th",
      { role: "rowheader", scope: "row", class: "name-cell" },
      view.byHand && h("span", { class: "grip", title: `Drag ${ticker} to its place`, "aria-hidden": "true" }, "⠿"),
      h("a", { href: tickerAddress(ticker, view.strategy) }, ticker),
      item.name && h("span", { class: "small soft ticker-name", title: item.name }, item.name),
    ),
    closeCell(item),
    cell({ class: `number change-cell ${toneOf(item.change_percent)}` }, formatPercent(item.change_percent)),
    cell({ class: "spark-cell" }, item.closes.length > 1 && sparkline(item.closes, { width: 96, height: 28 })),
    latest ? verdictCells(item, view.since) : cell({ class: "none-cell small soft", colspan: "2" }, whyNone(item)),
    notesCell(item),
    cell(
      { class: "actions-cell" },
      h("button", { type: "button", class: "small menu-toggle", dataset: { action: "menu" }, "aria-expanded": "false", "aria-label": `Actions for ${ticker}` }, "⋯"),
      view.byHand && [action("up", "↑", `Move ${ticker} up`), action("down", "↓", `Move ${ticker} down`)],
      action("analyse", "Analyse", `Analyse ${ticker} now`),
      view.hasLists && action("lists", "Lists", `Lists of ${ticker}: put it on others, or move it`),
      removal(ticker, view.list),
    ),
    item.failure && cell({ class: "failure-cell small" }, h("strong", {}, "Last analysis failed: "), failureParts(item)),
  );
}

/** The row that says that nothing is shown. */
export function noneRow(what, onAll) {
  return h("tr", { role: "row", class: "none-row" }, cell({ colspan: String(COLUMN_COUNT), class: "soft all-cell" }, what, " ", h("button", { type: "button", onclick: onAll }, "Show all")));
}

const action = (name, label, title) => h("button", { type: "button", class: "small", dataset: { action: name }, "aria-label": title, title }, label);
const removal = (ticker, list) => h("button", { type: "button", class: "small quiet", dataset: { action: "remove" }, "aria-label": `Remove ${ticker} from ${list}` }, "Remove");

function closeCell(item) {
  return cell(
    { class: "number close-cell" },
    formatPrice(close(item)),
    item.last_day && h("span", { class: "small of-day soft" }, dayOf(item.last_day)),
    (item.last_day || item.latest) && h("span", { class: "of-day" }, freshnessBadge(item.freshness, item.last_day)),
  );
}

function verdictCells(item, since) {
  const { latest, previous } = item;
  const of = h("span", { class: "small soft of-day", title: `Analysed ${formatMoment(latest.analysed_at)}` }, `of ${dayOf(latest.as_of)}`);
  return [
    cell(
      { class: "verdict-cell" },
      h("span", { class: "verdicts" }, verdictBadge(latest.verdict), isChanged(item, since) && was(item), latest.superseded && supersededBadge()),
      of,
      item.is_outdated && h("span", { class: "small is-old of-day", title: outdatedWords(item) }, "Older than its prices"),
    ),
    cell(
      { class: "score-cell" },
      h("div", { class: "score" }, h("span", { class: "number" }, formatScore(latest.score)), scoreBar(latest.score, latest.verdict)),
      h("span", { class: "small soft of-day" }, previous ? moveWords(latest, previous) : "First analysis"),
    ),
  ];
}

/** What the verdict was, as visible as what it is. */
function was({ change }) {
  const title = `Changed by the close of ${dayOf(change.as_of)}, found ${formatMoment(change.at)}`;
  return h("span", { class: "was", title }, h("span", { "aria-hidden": "true" }, "← "), "was ", verdictBadge(change.former));
}

function moveWords(latest, previous) {
  const moved = latest.score - previous.score;
  const title = `${previous.verdict}, ${formatScore(previous.score)} of ${dayOf(previous.as_of)}`;
  return Math.abs(moved) < 0.005 ? h("span", { title }, "As before") : h("span", { title }, moved > 0 ? "Up by " : "Down by ", h("span", { class: toneOf(moved) }, formatMove(Math.abs(moved), 1)));
}

function notesCell({ ticker, notes }) {
  const label = h("span", { class: "visually-hidden" }, notes ? `Notes of ${ticker}: ` : "");
  const words = notes ? h("span", { class: "notes" }, notes) : ["Add a note", h("span", { class: "visually-hidden" }, ` for ${ticker}`)];
  return cell(
    { class: "small notes-cell" },
    h("button", { type: "button", class: notes ? "quiet notes-button on-paper" : "quiet notes-button soft", dataset: { action: "notes" }, title: "Edit" }, label, words),
  );
}

function whyNone(item) {
  if (item.last_day) return "Not analysed by this strategy yet.";
  return ["No prices yet. ", h("a", { href: "/prices" }, "Upload prices")];
}

const days = new Map(); // most rows are of the same few days, and formatting one takes longer than finding it

function dayOf(iso) {
  if (!days.has(iso)) days.set(iso, formatDay(iso));
  return days.get(iso);
}

// As it is shown: what rounds to nothing is neither up nor down.
function toneOf(change) {
  if (change === null || Math.abs(change) < 0.005) return "";
  return change > 0 ? "up" : "down";
}
