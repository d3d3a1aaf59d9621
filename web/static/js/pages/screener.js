// The screener: the latest result of every ticker, filtered and sorted.

import { api } from "../api.js";
import { runBulk } from "../bulk-run.js";
import { onReturn } from "../connection.js";
import { byId, fill, focusedIn, h, notify } from "../dom.js";
import { formatCount, formatWhole } from "../format.js";
import { showColumns, wireColumns } from "../screener/column-choice.js";
import { COLUMNS, columnsOf, DEFAULT_COLUMNS, nextSort, rememberColumns, rememberedColumns } from "../screener/columns.js";
import { asParams, asQuery, DEFAULTS, fromQuery, isUnfiltered, showFilters, wireFilters } from "../screener/filters.js";
import { Following } from "../screener/following.js";
import { SavedScreens } from "../screener/saved.js";
import { buildRow, buildTable } from "../screener/table.js";
import { empty, loading, problem } from "../states.js";
import { offerStrategies } from "../strategies.js";
import { saveFor } from "../transfer.js";
import { offerUniverses } from "../universes.js";
import { readUrl } from "../url-state.js";

const PAGE_SIZE = 100;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const page = byId("page");
const following = new Following();

const screens = new SavedScreens({ query: () => asQuery(filters), open: openScreen });

/** What is shown where the address says nothing else: that of the open screen, or the defaults. @type {Record<string, string>} */
let base = DEFAULTS;
/** @type {Record<string, string>} */
let filters = DEFAULTS;
let columns = columnsOf(DEFAULT_COLUMNS);
let shown = 0;
/** @type {AbortController | undefined} */
let asking;

/** Show the first page; what stands there stays until the new is there. */
async function load() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  page.setAttribute("aria-busy", "true");
  if (!page.childElementCount) fill(page, loading("Loading results …"));
  try {
    const answer = await api.get("/results", { ...wanted(), limit: PAGE_SIZE }, { signal: mine.signal });
    render(answer);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!("status" in error)) console.error(error);
    fill(byId("count"));
    fill(page, problem(error, load));
  }
  if (mine === asking) page.removeAttribute("aria-busy");
}

function render(answer) {
  shown = 0;
  for (const id of ["export-csv", "export-excel"]) /** @type {HTMLButtonElement} */ (byId(id)).disabled = !answer.items.length;
  if (!answer.items.length) {
    fill(byId("count"));
    return fill(page, nothing());
  }
  const had = /** @type {HTMLElement | null | undefined} */ (focusedIn(page)?.closest("th[data-sort]"))?.dataset.sort;
  const table = buildTable(columns, filters.sort, (sort) => change({ sort }));
  const more = h("div", { class: "row centred more" });
  append(table.body, more, answer);
  fill(page, table.element, more);
  if (!had) return;
  /** @type {HTMLButtonElement | null} */
  const heading = page.querySelector(`th[data-sort="${had}"] button`);
  heading?.focus();
}

function append(body, more, answer) {
  const fragment = document.createDocumentFragment();
  for (const result of answer.items) fragment.append(buildRow(columns, result, following.cell(result.ticker)));
  const first = fragment.firstElementChild;
  body.append(fragment);
  shown += answer.items.length;
  const { total } = answer;
  const all = formatCount(total, "result", "results");
  fill(byId("count"), shown < total ? `${formatWhole(shown)} of ${all}` : all);
  fill(more, answer.next_cursor && h("button", { type: "button", onclick: (event) => loadMore(body, more, answer.next_cursor, event.currentTarget) }, "Load more"));
  return first;
}

async function loadMore(body, more, cursor, button) {
  const mine = asking;
  button.disabled = true;
  try {
    const answer = await api.get("/results", { ...wanted(), limit: PAGE_SIZE, cursor }, { signal: mine?.signal });
    append(body, more, answer)?.querySelector("a")?.focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError") return;
    button.disabled = false;
    button.focus();
    notify(`The next results did not come. ${error.words ?? error.message}`, { problem: true });
  }
}

function nothing() {
  if (!isUnfiltered(filters)) {
    return empty("No result matches", "Widen the filters, or take them all away.", h("button", { type: "button", onclick: () => byId("reset").click() }, "Reset the filters"));
  }
  const isWatchlist = filters.universe === "watchlist";
  const what = isWatchlist ? "the watchlist" : filters.universe === "all" ? "all tickers" : `the universe ${filters.universe}`;
  return empty(
    "Nothing has been analysed yet",
    `An analysis of ${what} fills this page; it runs in the background.`,
    h(
      "p",
      { class: "row centred" },
      h("button", { type: "button", class: "primary", onclick: analyseAll }, `Analyse ${what}`),
      isWatchlist ? h("a", { class: "button", href: "/" }, "Edit the watchlist") : h("a", { class: "button", href: "/prices" }, "Upload prices"),
    ),
  );
}

async function analyseAll(event) {
  const button = event.currentTarget;
  button.disabled = true;
  const strategy = filters.strategy === "any" ? "balanced" : filters.strategy;
  const job = await runBulk(byId("bulk"), { universe: filters.universe, strategy });
  button.disabled = false;
  if (job) await load();
}

/** What the list is asked for: the columns only where one of them makes a difference. */
function wanted() {
  return { ...asParams(filters), columns: columns.some(({ key }) => key === "closes") ? "closes" : "" };
}

/** Save what the filters let through, all of it, in the columns that are shown. */
function saveAll(button, path, accept, name) {
  const chosen = ["ticker", ...columns.map(({ key }) => key).filter((key) => key !== "closes"), "superseded"].join(",");
  return saveFor(button, path, { params: { ...asParams(filters), columns: chosen }, accept, name });
}

/** Put filters into the address, as far as they differ from those of the open screen. @param {string | null} screen @param {boolean} push */
function writeAddress(screen, push) {
  const changed = Object.entries(filters).filter(([name, value]) => value !== base[name]);
  const query = new URLSearchParams(screen ? [["screen", screen], ...changed] : changed);
  const url = query.size ? `${location.pathname}?${query}` : location.pathname;
  if (url !== location.pathname + location.search) history[push ? "pushState" : "replaceState"](null, "", url);
}

/** Take the filters from the address; a first visit takes the columns that this browser showed last. */
function readAddress() {
  const id = new URLSearchParams(location.search).get("screen");
  const screen = screens.find(id);
  if (id && !screen) notify("There is no such saved screen; it may have been deleted. These are the usual filters.", { problem: true });
  base = screen ? fromQuery(screen.query) : DEFAULTS;
  const { screen: _, ...read } = readUrl({ ...base, screen: "" });
  filters = read;
  if (!screen && !new URLSearchParams(location.search).has("columns")) filters.columns = rememberedColumns();
  showState(screen);
  writeAddress(screen?.id ?? null, false);
}

/** @param {import("../screener/saved.js").Screen | null} screen */
function showState(screen) {
  // Where all strategies are listed, a row must say which one it is of.
  columns = columnsOf(filters.strategy === "any" ? `${filters.columns},strategy` : filters.columns);
  showFilters(filters, (votes) => change({ votes }));
  showColumns(columns);
  const isChanged = Object.entries(filters).some(([name, value]) => value !== base[name]);
  screens.show(screen, isChanged);
  fill(
    byId("sort"),
    [{ key: "ticker", title: "Ticker" }, ...COLUMNS.filter((column) => columns.includes(column) || column.key === filters.sort.replace(/^-/, ""))].flatMap(({ key, title }) => {
      const first = nextSort(key, "");
      const other = nextSort(key, first);
      return [first, other].map((sort) => h("option", { value: sort, selected: sort === filters.sort }, `${title}, ${sort.startsWith("-") ? "falling" : "rising"}`));
    }),
  );
}

/** @param {Record<string, string>} values */
function change(values, { push = true } = {}) {
  const before = JSON.stringify(filters);
  filters = { ...filters, ...values };
  if (before === JSON.stringify(filters)) return;
  writeAddress(screens.current?.id ?? null, push);
  showState(screens.current);
  load();
}

/** Show a saved screen as it is saved, or none. @param {import("../screener/saved.js").Screen | null} screen */
function openScreen(screen) {
  base = screen ? fromQuery(screen.query) : DEFAULTS;
  filters = screen ? { ...base } : { ...DEFAULTS, columns: filters.columns };
  writeAddress(screen?.id ?? null, true);
  showState(screen);
  load();
}

byId("export-csv").addEventListener("click", (event) => saveAll(event.currentTarget, "/results", "text/csv", "results.csv"));
byId("export-excel").addEventListener("click", (event) => saveAll(event.currentTarget, "/reports/results.xlsx", XLSX, "results.xlsx"));
byId("sort").addEventListener("change", (event) => change({ sort: /** @type {HTMLSelectElement} */ (event.target).value }));
wireFilters(change, () => filters.votes);
wireColumns((chosen) => {
  rememberColumns(chosen);
  change({ columns: chosen });
});
onReturn(load);
addEventListener("popstate", () => {
  readAddress();
  load();
});
fill(page, loading("Loading results …"));
// All are small, and without them rows would change under the eyes.
await Promise.all([offerStrategies(byId("strategy"), new URLSearchParams(location.search).get("strategy") ?? "balanced"), offerUniverses(byId("universe")), following.load(), screens.load()]);
readAddress();
await load();
