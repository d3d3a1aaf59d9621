// The overview: what changed, and a watch list with what was last said of each ticker.

import { api } from "../api.js";
import { onReturn } from "../connection.js";
import { byId, fill, focusedIn, h, isFocusLost, notify } from "../dom.js";
import { DEFAULT_LIST, isDefault, itemPath, titleOf } from "../lists.js";
import { wireAddForm } from "../overview/add.js";
import { showBriefing } from "../overview/briefing.js";
import { beginOf, lastVisit } from "../overview/facts.js";
import { ListPicker } from "../overview/list-picker.js";
import { BY_HAND, markSort, offerOrders, pressed, sorted } from "../overview/order.js";
import { keepPlace, returnToPlace } from "../overview/place.js";
import { buildRow, buildTable, COLUMN_COUNT, noneRow } from "../overview/rows.js";
import { RunAll } from "../overview/run-all.js";
import { chosenOf, showCount, showSummary } from "../overview/summary.js";
import { hasProvider } from "../providers.js";
import { empty, loading, problem } from "../states.js";
import { offerStrategies } from "../strategies.js";
import { tickerAddress } from "../tickers.js";
import { readUrl, writeUrl } from "../url-state.js";
import { follow, offerPutBack, unfollow } from "../watchlist.js";

const DEFAULTS = { list: DEFAULT_LIST.id, strategy: "balanced", sort: "ticker", show: "", q: "", since: "7d" };
const PAGE_SIZE = 500;
const FRESH_MILLISECONDS = 10000; // whoever comes back to the tab later than that sees the list as it is now
const page = byId("page");
/** @type {HTMLSelectElement} */
const strategySelect = byId("strategy");
/** @type {HTMLSelectElement} */
const orderSelect = byId("order");
/** @type {HTMLInputElement} */
const search = byId("list-search");
const visit = lastVisit();
const universeOf = () => ({ universe: isDefault(picker.current) ? "watchlist" : `watchlist:${picker.current.id}` });
const runAll = new RunAll(() => ({ ...universeOf(), strategy: state.strategy }), load);
/** @type {import("../price-refresh.js").PriceRefresh | null} */
let priceRefresh = null; // where a provider is configured
/** @type {import("../overview/by-hand.js").ByHand | null} */
let byHand = null; // once rows are ordered by hand
const picker = new ListPicker((id) => change({ list: id }));
/** @type {Map<string, import("../overview/notes.js").NotesEditors>} */
const editorsByList = new Map(); // once notes are edited; what was typed for one list waits while another is shown

let state = readUrl(DEFAULTS);
/** @type {any[]} */
let items = [];
/** @type {Map<string, {row: HTMLElement, text: string}>} */
let rows = new Map(); // by ticker, with what the row was made of: another order moves rows, and builds only those that say something else
/** @type {ReturnType<typeof buildTable> | null} */
let table = null;
let loads = 0;
let loadedAt = 0;

/** Every page of the overview; `onPage` sees what is there so far. Null when another load has begun meanwhile. */
async function readAll(onPage) {
  const mine = ++loads;
  const found = [];
  let cursor = null;
  do {
    const answer = await api.get("/overview", { list: state.list, strategy: state.strategy, limit: PAGE_SIZE, cursor });
    if (mine !== loads) return null;
    found.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor) onPage(found);
  } while (cursor);
  return found;
}

/** The editors of the list that is shown. */
async function editors() {
  const list = picker.current;
  const { NotesEditors } = await import("../overview/notes.js");
  const known = editorsByList.get(list.id);
  if (known) return known;
  const made = new NotesEditors(COLUMN_COUNT, list, {
    opened: () => render(),
    saved: (ticker, notes) => {
      if (state.list === list.id) update(ticker, { notes });
      load(); // an answer that is on its way was read before
    },
    closed: (ticker, hadFocus) => {
      render();
      if (hadFocus) focusAction([ticker, "notes"]);
    },
  });
  editorsByList.set(list.id, made);
  return made;
}

function take(found) {
  items = [...found];
  loadedAt = Date.now();
  render();
}

/** Load and show; what stands there stays until the new is there. */
async function load() {
  page.setAttribute("aria-busy", "true");
  if (!table) fill(page, loading("Loading the watchlist …"));
  try {
    // What is there already is shown while more is on its way, unless it would take the place of more.
    const [found] = await Promise.all([readAll(table ? () => {} : take), offerByHand()]);
    if (found && !byHand?.isPending) take(found); // after the last move the list is asked for again, with that move
  } catch (error) {
    if (!("status" in error)) console.error(error);
    if (error.status === 404 && state.list !== DEFAULT_LIST.id) return leaveList();
    if (table) notify(`The watchlist could not be brought up to date. ${error.words ?? error.message}`, { problem: true });
    else fill(page, problem(error, load));
  }
  page.removeAttribute("aria-busy");
}

/** Let rows be moved, where they are ordered by hand. */
async function offerByHand() {
  if (state.sort !== BY_HAND || byHand) return;
  const { ByHand } = await import("../overview/by-hand.js");
  byHand ??= new ByHand({
    items: () => items,
    shown: shownRows,
    isOn: () => state.sort === BY_HAND,
    path: (ticker) => itemPath(picker.current, ticker),
    moved: () => render(),
    settled: load,
  });
  if (table) byHand.wire(table.body);
}

/** The list that the address names is gone: another tab has deleted it, or the link is old. */
async function leaveList() {
  notify("This list is not there any more; here is the watchlist.", { problem: true });
  change({ list: DEFAULT_LIST.id }, { push: false });
  await picker.load();
}

function render() {
  const since = beginOf(state.since, visit);
  runAll.allow(items.length > 0);
  priceRefresh?.allow(items.length > 0);
  byId("list-tools").hidden = items.length === 0;
  page.classList.toggle("by-hand", state.sort === BY_HAND);
  page.classList.toggle("has-lists", picker.hasOthers);
  byId("by-hand-hint").hidden = state.sort !== BY_HAND || !items.length;
  const onShow = (show) => change({ show });
  showBriefing(
    items,
    { period: state.since, visit, show: state.show },
    { onShow, onPeriod: (period) => change({ since: period }), onRun: load, address: (ticker) => tickerAddress(ticker, state.strategy) },
  );
  showSummary(items, state.show, onShow);
  if (!items.length) return renderEmpty();
  if (!table?.element.isConnected) {
    table = buildTable((key) => change({ sort: pressed(state.sort, key) }));
    table.body.addEventListener("click", onAction);
    byHand?.wire(table.body);
    page.replaceChildren(table.element);
  }
  const focus = focusedAction();
  const editor = /** @type {HTMLElement | null} */ (document.activeElement?.closest(".editor-row") && document.activeElement);
  const chosen = sorted(chosenOf(items, { show: state.show, q: state.q, since }), state.sort);
  const wanted = chosen.flatMap((item) => [rowOf(item, since), editorsByList.get(state.list)?.rowOf(item.ticker) ?? []].flat());
  if (!chosen.length) wanted.push(noneRow(state.q.trim() ? `None of the followed tickers has “${state.q.trim()}”.` : "None of the followed tickers.", () => change({ show: "", q: "" })));
  place(table.body, wanted);
  markSort(table.head, state.sort);
  showCount(chosen.length, items.length);
  focusAction(focus);
  if (editor?.isConnected) editor.focus({ preventScroll: true });
}

/** The row of an item: the one that is there, where it would say the same. */
function rowOf(item, since) {
  const view = { strategy: state.strategy, since, byHand: state.sort === BY_HAND, list: titleOf(picker.current), hasLists: picker.hasOthers };
  const text = JSON.stringify([{ ...item, position: null }, view.strategy, state.since, view.byHand, view.list, view.hasLists]);
  const known = rows.get(item.ticker);
  if (known?.text === text) return known.row;
  const row = buildRow(item, view);
  rows.set(item.ticker, { row, text });
  return row;
}

/** Make the children of an element those that are wanted; nothing is touched where they are already. */
function place(body, wanted) {
  const isThere = body.children.length === wanted.length && wanted.every((row, at) => body.children[at] === row);
  if (!isThere) body.replaceChildren(...wanted);
}

/** @returns {HTMLElement[]} */
function shownRows() {
  return /** @type {HTMLElement[]} */ ([...(table?.body.children ?? [])].filter((row) => /** @type {HTMLElement} */ (row).dataset.ticker));
}

function renderEmpty() {
  table = null;
  rows = new Map();
  showCount(0, 0);
  if (state.list !== DEFAULT_LIST.id) return page.replaceChildren(empty("Nothing is on this list yet", "Add tickers above, or put them here from another list, by “Lists” in their row."));
  page.replaceChildren(
    empty(
      "Nothing is followed yet",
      "Add tickers above, or begin with one that comes with prices.",
      h("p", { class: "row centred" }, h("button", { type: "button", class: "primary", onclick: addFirst }, "Add AAPL"), h("a", { class: "button", href: "/prices" }, "Upload prices")),
    ),
  );
}

async function addFirst(event) {
  event.target.disabled = true;
  try {
    await follow("AAPL");
  } catch (error) {
    event.target.disabled = false;
    return notify(error.words ?? error.message, { problem: true });
  }
  await added(["AAPL"]);
}

async function added(tickers) {
  await load();
  if (state.show || state.q) change({ show: "", q: "" });
  const fresh = items.filter((item) => tickers.includes(item.ticker) && item.last_day && !item.latest).map(({ ticker }) => ticker);
  const action = fresh.length ? { label: fresh.length === 1 ? "Analyse it" : "Analyse them", act: () => runAll.start(fresh) } : null;
  notify(
    tickers.length === 1
      ? `${tickers[0]} is on ${titleOf(picker.current)}.`
      : `${tickers.length} tickers are on ${titleOf(picker.current)}: ${tickers.slice(0, 5).join(", ")}${tickers.length > 5 ? " …" : ""}`,
    {
      action,
    },
  );
  rows.get(tickers[0])?.row.scrollIntoView({ block: "nearest" });
  const unpriced = items.filter((item) => tickers.includes(item.ticker) && !item.last_day).map(({ ticker }) => ticker);
  if (unpriced.length) priceRefresh?.start({ tickers: unpriced });
}

/** Offer a refresh of the prices, where a provider is configured. */
async function offerRefresh() {
  if (!(await hasProvider())) return;
  const { changedTickers, offerAnalysis, PriceRefresh } = await import("../price-refresh.js");
  /** After a refresh: the list with its new prices, and an offer to analyse them. */
  const refreshed = async (job) => {
    const [tickers] = await Promise.all([changedTickers(job).catch(() => []), load()]);
    if (tickers.length) offerAnalysis(offered.area, tickers, () => runAll.start(tickers));
  };
  const offered = new PriceRefresh({ order: universeOf, onEnd: refreshed });
  byId("analyse-all").before(offered.button);
  byId("bulk").before(offered.area);
  offered.allow(items.length > 0);
  priceRefresh = offered;
  await offered.offer();
}

/** Open the editor of a ticker's notes. Whoever types elsewhere by the time that it has come goes on there. */
async function editNotes(item) {
  const focused = document.activeElement;
  const opened = await editors();
  opened.edit(item, document.activeElement === focused || isFocusLost());
}

function onAction(event) {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  const { ticker } = button.closest("tr").dataset;
  const item = items.find((one) => one.ticker === ticker);
  const actions = {
    menu: () => button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") === "false")),
    analyse: () => analyse(item, button),
    remove: () => remove(item, button),
    notes: () => editNotes(item),
    lists: () => choose(item),
    up: () => byHand?.step(ticker, -1),
    down: () => byHand?.step(ticker, 1),
  };
  actions[button.dataset.action]?.();
}

async function analyse(item, button) {
  const row = button.closest("tr");
  button.disabled = true;
  row.setAttribute("aria-busy", "true");
  try {
    const result = await api.post("/analyze", { ticker: item.ticker, strategy: state.strategy });
    notify(`${item.ticker}: ${result.verdict}.`);
  } catch (error) {
    notify(`${item.ticker} was not analysed. ${error.code === "ticker_not_found" ? "No prices are stored for it." : (error.words ?? error.message)}`, { problem: true });
  }
  // The button was disabled while it worked, which takes the focus from it; whoever went on elsewhere stays there.
  const wasHere = isFocusLost();
  button.disabled = false;
  row.removeAttribute("aria-busy");
  if (wasHere && button.isConnected) button.focus();
  await load(); // what was the latest is the one before, unless it is the same again: the service knows
}

function update(ticker, changes) {
  items = items.map((item) => (item.ticker === ticker ? { ...item, ...changes } : item));
  render();
}

/** Put a ticker on other lists, or take it from this one. */
async function choose(item) {
  const { chooseLists } = await import("../list-choice.js"); // most visits do without
  const isChanged = await chooseLists(item.ticker, item, load);
  if (isChanged) await Promise.all([load(), picker.load()]);
  if (isFocusLost()) focusAction([items.some(({ ticker }) => ticker === item.ticker) ? item.ticker : items[0]?.ticker, "lists"]);
}

async function remove(item, button) {
  const list = picker.current;
  button.disabled = true;
  try {
    await unfollow(item.ticker, list);
  } catch (error) {
    button.disabled = false;
    return notify(`${item.ticker} was not removed. ${error.words ?? error.message}`, { problem: true });
  }
  const shown = shownRows();
  const at = shown.findIndex((row) => row.dataset.ticker === item.ticker);
  const next = (shown[at + 1] ?? shown[at - 1])?.dataset.ticker;
  const before = items;
  items = items.filter((other) => other.ticker !== item.ticker);
  rows.delete(item.ticker);
  render();
  if (next) focusAction([next, "remove"]);
  else byId("add-ticker").focus();
  load(); // likewise
  const onBack = async () => {
    await load();
    focusAction([item.ticker, "remove"]);
  };
  offerPutBack(item, before, onBack, list);
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
  const row = rows.get(ticker)?.row;
  /** @type {HTMLElement | null | undefined} */
  let control = row?.querySelector(action === "link" ? "a" : `button[data-action="${action}"]`);
  if (control && !control.checkVisibility()) control = row?.querySelector(".menu-toggle"); // the menu that it is in is closed
  if (control !== document.activeElement) control?.focus({ preventScroll: true });
}

function change(values, { push = true } = {}) {
  writeUrl({ ...state, ...values }, DEFAULTS, { push });
  apply();
}

/** Show what the address says. */
function apply() {
  const before = state;
  state = readUrl(DEFAULTS);
  showChoices();
  if (before.list !== state.list) {
    items = [];
    rows = new Map();
    table = null;
  }
  if (before.strategy !== state.strategy || before.list !== state.list) load();
  else if (state.sort === BY_HAND) offerByHand().then(render);
  else render();
}

function showChoices() {
  strategySelect.value = state.strategy;
  picker.show(state.list);
  offerOrders(orderSelect, state.sort);
  if (search.value !== state.q) search.value = state.q;
}

strategySelect.addEventListener("change", () => {
  strategySelect.dataset.touched = "true";
  change({ strategy: strategySelect.value });
});
orderSelect.addEventListener("change", () => change({ sort: orderSelect.value }));
search.addEventListener("input", () => change({ q: search.value }, { push: false }));
addEventListener("popstate", apply);
onReturn(load);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && table && Date.now() - loadedAt > FRESH_MILLISECONDS) load();
});
wireAddForm(() => picker.current, added);
offerStrategies(strategySelect, state.strategy);
showChoices();
keepPlace(shownRows);
await Promise.all([load(), picker.load()]);
render();
await returnToPlace((ticker) => rows.get(ticker)?.row);
// Once it is on the screen: what the bench calls ready.
requestAnimationFrame(() => setTimeout(() => performance.mark("overview-ready")));
runAll.resume();
offerRefresh();
