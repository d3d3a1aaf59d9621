// The screener: the latest result of every ticker, filtered and sorted.

import { api } from "../api.js";
import { runBulk } from "../bulk-run.js";
import { onReturn } from "../connection.js";
import { byId, fill, focusedIn, h, notify } from "../dom.js";
import { formatWhole } from "../format.js";
import { asParams, DEFAULTS, isUnfiltered, readFilters, showFilters, wireFilters } from "../screener/filters.js";
import { Following } from "../screener/following.js";
import { buildRow, buildTable } from "../screener/table.js";
import { empty, loading, problem } from "../states.js";
import { offerStrategies } from "../strategies.js";
import { download } from "../transfer.js";
import { writeUrl } from "../url-state.js";

const PAGE_SIZE = 50;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const page = byId("page");
const following = new Following();

let filters = readFilters();
let shown = 0;
/** @type {AbortController | undefined} */
let asking;

/** Show the first page; what stands there stays until the new is there. */
async function load() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  showFilters(filters);
  page.setAttribute("aria-busy", "true");
  if (!page.childElementCount) fill(page, loading("Loading results …"));
  try {
    const answer = await api.get("/results", { ...asParams(filters), limit: PAGE_SIZE }, { signal: mine.signal });
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
  const table = buildTable(filters.sort, (sort) => change({ sort }));
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
  for (const result of answer.items) fragment.append(buildRow(result, following.cell(result.ticker)));
  const first = fragment.firstElementChild;
  body.append(fragment);
  shown += answer.items.length;
  fill(byId("count"), `${formatWhole(shown)} ${shown === 1 ? "result" : "results"}${answer.next_cursor ? " so far; there are more" : ""}`);
  fill(more, answer.next_cursor && h("button", { type: "button", onclick: (event) => loadMore(body, more, answer.next_cursor, event.currentTarget) }, "Load more"));
  return first;
}

async function loadMore(body, more, cursor, button) {
  const mine = asking;
  button.disabled = true;
  try {
    const answer = await api.get("/results", { ...asParams(filters), limit: PAGE_SIZE, cursor }, { signal: mine?.signal });
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
  const what = isWatchlist ? "the watchlist" : "all tickers";
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

/** Save what the filters let through, all of it. */
async function save(button, path, accept, name) {
  button.disabled = true;
  try {
    const saved = await download(path, { params: asParams(filters), accept, name });
    notify(`${saved.name} is saved.`);
  } catch (error) {
    notify(`Nothing was saved. ${error.words ?? error.message}`, { problem: true });
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  }
}

function change(values, options) {
  writeUrl({ ...filters, ...values }, DEFAULTS, options);
  apply();
}

/** Show what the address says. */
function apply() {
  const before = JSON.stringify(filters);
  filters = readFilters();
  if (before !== JSON.stringify(filters)) load();
}

byId("export-csv").addEventListener("click", (event) => save(event.currentTarget, "/results", "text/csv", "results.csv"));
byId("export-excel").addEventListener("click", (event) => save(event.currentTarget, "/reports/results.xlsx", XLSX, "results.xlsx"));
wireFilters(change);
onReturn(load);
addEventListener("popstate", () => {
  apply();
  showFilters(filters);
});
showFilters(filters);
fill(page, loading("Loading results …"));
// Both are small, and without them rows would change under the eyes.
await Promise.all([offerStrategies(byId("strategy"), filters.strategy), following.load()]);
await load();
