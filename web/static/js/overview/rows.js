// The watchlist as a table: its columns, its rows, and their order.

import { h } from "../dom.js";
import { formatDay, formatPercent, formatPrice, formatScore } from "../format.js";
import { ago } from "../moments.js";
import { oneStopPerRow } from "../rows.js";
import { scoreBar, sparkline, verdictBadge } from "../widgets.js";

// The rows are laid out as grids, which takes their meaning from them in some browsers; so it is said again.
const cell = (props, ...children) => h("td", { role: "cell", ...props }, children);
const move = (item) => (item.latest && item.previous ? item.latest.score - item.previous.score : null);
const byTicker = (item) => item.ticker;
const close = (item) => item.closes.at(-1) ?? item.latest?.close ?? null;

// What a column is sorted by; one without is not.
/** @type {{key?: string, name: string, value?: (item: any) => any, type?: string, hidden?: boolean}[]} */
const COLUMNS = [
  { key: "ticker", name: "Ticker", value: byTicker },
  { key: "close", name: "Close", value: close, type: "number" },
  { key: "day", name: "Day change", value: (item) => item.change_percent, type: "number" },
  { name: "Last closes" },
  { name: "Verdict" },
  { key: "score", name: "Score", value: (item) => item.latest?.score ?? null },
  { key: "move", name: "Score change", value: move },
  { key: "run", name: "Last run", value: (item) => item.latest?.analysed_at ?? null },
  { name: "Notes" },
  { name: "Actions", hidden: true },
];

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
  return { element: h("div", { class: "table-scroll" }, table), head, body };
}

/** Show in the headings what the rows are sorted by. */
export function markSort(head, sort) {
  const [key, direction] = sort.startsWith("-") ? [sort.slice(1), "descending"] : [sort, "ascending"];
  for (const cell of head.children) {
    if (cell.dataset.sort === key) cell.setAttribute("aria-sort", direction);
    else cell.removeAttribute("aria-sort");
  }
}

/** The items in the order of `sort` ("-" before a key for descending); those without a value come last either way. */
export function sorted(items, sort) {
  const key = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const { value = byTicker } = COLUMNS.find((column) => column.key === key) ?? {};
  const isLess = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return items
    .map((item) => [value(item), item])
    .sort(([a, first], [b, second]) => Number(a === null) - Number(b === null) || (a === null ? 0 : sign * isLess(a, b)) || isLess(first.ticker, second.ticker))
    .map(([, item]) => item);
}

/** One row. Its buttons carry `data-action` and the row `data-ticker`: one listener at the table serves all. */
export function buildRow(item, strategy) {
  const { ticker, latest } = item;
  return h(
    "tr",
    { role: "row", dataset: { ticker } },
    h(
      "th",
      { role: "rowheader", scope: "row", class: "name-cell" },
      h("a", { href: tickerAddress(ticker, strategy) }, ticker),
      item.name && h("span", { class: "small soft ticker-name", title: item.name }, item.name),
    ),
    cell({ class: "number close-cell", title: item.last_day && `Close of ${formatDay(item.last_day)}` }, formatPrice(close(item))),
    cell({ class: `number change-cell ${toneOf(item.change_percent)}` }, formatPercent(item.change_percent)),
    cell({ class: "spark-cell" }, item.closes.length > 1 && sparkline(item.closes, { width: 96, height: 28 })),
    latest ? verdictCells(item) : cell({ class: "none-cell small soft", colspan: "3" }, whyNone(item)),
    cell({ class: "small run-cell" }, latest ? ago(latest.analysed_at) : h("span", { class: "soft" }, "Never")),
    cell({ class: "small notes-cell" }, item.notes && h("span", { class: "notes", title: item.notes }, item.notes)),
    cell(
      { class: "actions-cell" },
      h("button", { type: "button", class: "small", dataset: { action: "analyse" }, "aria-label": `Analyse ${ticker} now` }, "Analyse"),
      h("button", { type: "button", class: "small quiet", dataset: { action: "remove" }, "aria-label": `Remove ${ticker} from the watchlist` }, "Remove"),
    ),
  );
}

/** Say in a row why its ticker could not be analysed. */
export function complainIn(row, error) {
  row.querySelector(".row-problem")?.remove();
  const isMissing = error.code === "ticker_not_found";
  const words = isMissing ? ["There are no prices for it. ", h("a", { href: "/prices" }, "Upload prices")] : (error.words ?? error.message);
  row.querySelector(".name-cell").append(h("p", { class: "field-problem row-problem", role: "alert" }, words));
}

function verdictCells({ latest, previous }) {
  return [
    cell({ class: "verdict-cell" }, verdictBadge(latest.verdict)),
    cell({ class: "score-cell" }, h("div", { class: "score" }, h("span", { class: "number" }, formatScore(latest.score)), scoreBar(latest.score, latest.verdict))),
    cell({ class: "small move-cell" }, previous ? moveWords(latest, previous) : h("span", { class: "soft" }, "First analysis")),
  ];
}

function moveWords(latest, previous) {
  const moved = latest.score - previous.score;
  const title = `${previous.verdict}, ${formatScore(previous.score)} as of ${formatDay(previous.as_of)}`;
  return h("span", { title }, h("span", { class: toneOf(moved) }, formatScore(moved)), previous.verdict !== latest.verdict && h("span", { class: "was" }, ` was ${previous.verdict}`));
}

function whyNone(item) {
  if (item.last_day) return "Not analysed by this strategy yet.";
  return ["No prices yet. ", h("a", { href: "/prices" }, "Upload prices")];
}

function tickerAddress(ticker, strategy) {
  const address = `/tickers/${encodeURIComponent(ticker)}`;
  return strategy === "balanced" ? address : `${address}?strategy=${encodeURIComponent(strategy)}`;
}

// As it is shown: what rounds to nothing is neither up nor down.
function toneOf(change) {
  if (change === null || Math.abs(change) < 0.005) return "";
  return change > 0 ? "up" : "down";
}
