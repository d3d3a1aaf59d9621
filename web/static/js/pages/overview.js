// The overview: the watchlist with what was last said of each ticker.

import { api } from "../api.js";
import { byId, fill, focusedIn, h, notify } from "../dom.js";
import { wireAddForm } from "../overview/add.js";
import { buildRow, buildTable, complainIn, markSort, sorted } from "../overview/rows.js";
import { isFocusLost, RunAll } from "../overview/run-all.js";
import { inGroup, showSummary } from "../overview/summary.js";
import { empty, loading, problem } from "../states.js";
import { offerStrategies } from "../strategies.js";
import { offerUndo } from "../undo.js";
import { readUrl, writeUrl } from "../url-state.js";

const DEFAULTS = { strategy: "balanced", sort: "ticker", show: "" };
const PAGE_SIZE = 500;
const page = byId("page");
/** @type {HTMLSelectElement} */
const strategySelect = byId("strategy");
const runAll = new RunAll(() => ({ universe: "watchlist", strategy: state.strategy }), load);

let state = readUrl(DEFAULTS);
let items = [];
let rows = new Map(); // by ticker, so that another order moves rows and builds none
/** @type {ReturnType<typeof buildTable> | null} */
let table = null;
let loads = 0;

/** Every page of the overview; `onPage` sees what is there so far. Null when another load has begun meanwhile. */
async function readAll(onPage) {
  const mine = ++loads;
  const found = [];
  let cursor = null;
  do {
    const answer = await api.get("/overview", { strategy: state.strategy, limit: PAGE_SIZE, cursor });
    if (mine !== loads) return null;
    found.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor) onPage(found);
  } while (cursor);
  return found;
}

function take(found) {
  items = [...found];
  rows = new Map();
  render();
}

/** Load and show; what stands there stays until the new is there. */
async function load() {
  page.setAttribute("aria-busy", "true");
  if (!table) fill(page, loading("Loading the watchlist …"));
  try {
    // What is there already is shown while more is on its way, unless it would take the place of more.
    const found = await readAll(table ? () => {} : take);
    if (found) take(found);
  } catch (error) {
    if (!("status" in error)) console.error(error);
    if (table) notify(`The watchlist could not be brought up to date. ${error.words ?? error.message}`, { problem: true });
    else fill(page, problem(error, load));
  }
  page.removeAttribute("aria-busy");
}

function render() {
  runAll.allow(items.length > 0);
  showSummary(items, state.show, (group) => change({ show: group }));
  if (!items.length) return renderEmpty();
  if (!table?.element.isConnected) {
    table = buildTable((key) => change({ sort: state.sort === key ? `-${key}` : key }));
    table.body.addEventListener("click", onAction);
    page.replaceChildren(table.element);
  }
  const focus = focusedAction();
  const wanted = sorted(inGroup(items, state.show), state.sort);
  const fragment = document.createDocumentFragment();
  for (const item of wanted) {
    if (!rows.has(item.ticker)) rows.set(item.ticker, buildRow(item, state.strategy));
    fragment.append(rows.get(item.ticker));
  }
  if (!wanted.length)
    fragment.append(
      h(
        "tr",
        { role: "row" },
        h("td", { role: "cell", colspan: "10", class: "soft all-cell" }, "None of the followed tickers. ", h("button", { type: "button", onclick: () => change({ show: "" }) }, "Show all")),
      ),
    );
  table.body.replaceChildren(fragment);
  markSort(table.head, state.sort);
  focusAction(focus);
}

function renderEmpty() {
  table = null;
  page.replaceChildren(
    empty(
      "Nothing is followed yet",
      "Add a ticker above, or begin with one that comes with prices.",
      h("p", { class: "row centred" }, h("button", { type: "button", class: "primary", onclick: addFirst }, "Add AAPL"), h("a", { class: "button", href: "/prices" }, "Upload prices")),
    ),
  );
}

async function addFirst(event) {
  event.target.disabled = true;
  try {
    await api.post("/watchlist", { ticker: "AAPL" });
  } catch (error) {
    if (error.status !== 409) {
      event.target.disabled = false;
      return notify(error.words, { problem: true });
    }
  }
  await added("AAPL");
}

async function added(ticker) {
  await load();
  if (state.show) change({ show: "" });
  notify(`${ticker} is on the watchlist.`);
  rows.get(ticker)?.scrollIntoView({ block: "nearest" });
}

function onAction(event) {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  const item = items.find(({ ticker }) => ticker === button.closest("tr").dataset.ticker);
  if (button.dataset.action === "analyse") analyse(item, button);
  else remove(item, button);
}

async function analyse(item, button) {
  const row = button.closest("tr");
  const { strategy } = state;
  button.disabled = true;
  row.setAttribute("aria-busy", "true");
  try {
    const result = await api.post("/analyze", { ticker: item.ticker, strategy });
    if (strategy !== state.strategy) return;
    // As the service keeps it: what was the latest is the one before, unless it is the same again.
    const previous = item.latest && item.latest.id !== result.id ? item.latest : item.previous;
    update(item, { latest: { ...result, analysed_at: new Date().toISOString() }, previous });
    notify(`${item.ticker}: ${result.verdict}.`);
  } catch (error) {
    complainIn(row, error);
  } finally {
    button.disabled = false;
    row.removeAttribute("aria-busy");
    if (isFocusLost() && button.isConnected) button.focus();
  }
}

function update(item, changes) {
  Object.assign(item, changes);
  // The button was disabled while it worked, which takes the focus from it; whoever went on elsewhere stays there.
  const focus = focusedAction() ?? (isFocusLost() ? [item.ticker, "analyse"] : null);
  const fresh = buildRow(item, state.strategy);
  rows.get(item.ticker)?.replaceWith(fresh);
  rows.set(item.ticker, fresh);
  focusAction(focus);
  showSummary(items, state.show, (group) => change({ show: group }));
}

async function remove(item, button) {
  button.disabled = true;
  try {
    await api.delete(`/watchlist/${encodeURIComponent(item.ticker)}`);
  } catch (error) {
    if (error.status !== 404) {
      button.disabled = false;
      return complainIn(button.closest("tr"), error);
    }
  }
  const row = rows.get(item.ticker);
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  items = items.filter((other) => other !== item);
  rows.delete(item.ticker);
  render();
  if (next) focusAction([next.dataset.ticker, "remove"]);
  else byId("add-ticker").focus();
  offerUndo(`${item.ticker} is off the watchlist.`, () => putBack(item));
}

async function putBack(item) {
  try {
    await api.post("/watchlist", { ticker: item.ticker, name: item.name, notes: item.notes });
  } catch (error) {
    if (error.status !== 409) return notify(`${item.ticker} could not be put back. ${error.words}`, { problem: true });
  }
  if (!items.some(({ ticker }) => ticker === item.ticker)) items.push(item);
  render();
  focusAction([item.ticker, "remove"]);
  notify(`${item.ticker} is on the watchlist again.`);
}

/** The row and the button that have the focus; null when it is elsewhere. */
function focusedAction() {
  const focused = focusedIn(page);
  /** @type {HTMLElement | null | undefined} */
  const row = focused?.closest("tr[data-ticker]");
  return row ? [row.dataset.ticker, focused?.dataset.action ?? "link"] : null;
}

function focusAction(focus) {
  if (!focus) return;
  const [ticker, action] = focus;
  rows
    .get(ticker)
    ?.querySelector(action === "link" ? "a" : `button[data-action="${action}"]`)
    ?.focus({ preventScroll: true });
}

function change(values) {
  writeUrl({ ...state, ...values }, DEFAULTS);
  apply();
}

/** Show what the address says. */
function apply() {
  const before = state;
  state = readUrl(DEFAULTS);
  strategySelect.value = state.strategy;
  if (before.strategy !== state.strategy) load();
  else render();
}

strategySelect.addEventListener("change", () => {
  strategySelect.dataset.touched = "true";
  change({ strategy: strategySelect.value });
});
addEventListener("popstate", apply);
wireAddForm(added);
offerStrategies(strategySelect, state.strategy);
await load();
// Once it is on the screen: what the bench calls ready.
requestAnimationFrame(() => setTimeout(() => performance.mark("overview-ready")));
runAll.resume();
