// One ticker: candles first, the analysis beside them, the rest when it comes.

import { ApiProblem, api } from "../api.js";
import { onReturn } from "../connection.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatScore } from "../format.js";
import { readDifference } from "../price-checks.js";
import { changedTickers, PriceRefresh } from "../price-refresh.js";
import { readProviders } from "../providers.js";
import { HORIZONS } from "../record/horizons.js";
import { empty, loading, problem, show } from "../states.js";
import { ChartCard } from "../ticker/chart-card.js";
import { flips } from "../ticker/flips.js";
import { Header } from "../ticker/header.js";
import { RANGES, readShown, TRADES, writeShown } from "../ticker/overlays.js";
import { positionView } from "../ticker/position-view.js";
import { provenance } from "../ticker/provenance.js";
import { Sizing } from "../ticker/sizing.js";
import { analysed } from "../ticker/stored-result.js";
import { Tabs } from "../ticker/tabs.js";
import { verdictHistory } from "../ticker/verdict-history.js";
import { votes } from "../ticker/votes.js";
import { readUrl, writeUrl } from "../url-state.js";

const isPhone = matchMedia("(max-width: 640px)").matches; // a year has less than two pixels a day there
const DEFAULTS = { tab: "analysis", strategy: "balanced", range: isPhone ? "3M" : "1Y", show: "levels,trade", horizon: "20" };
const TABS = ["analysis", "record"];
const page = byId("page");
const ticker = (page.dataset.ticker ?? "").trim().toUpperCase();

let state = readState();
/** @type {Promise<any> | null} */
let strategiesAsked = null;
const PENDING_PAUSE = 5; // seconds, where the service says none

/** @type {AbortController | undefined} */
let analysis; // the AbortController of the analysis that is awaited
/** @type {any} */
let result = null;
/** @type {import("../api.js").ApiProblem | null} */
let failure = null; // of the last analysis
let isUnknown = false; // no prices: the page says so instead of everything else
const sizing = new Sizing();

const priceRefresh = new PriceRefresh({ order: () => ({ tickers: [ticker], force: true }), onEnd: refreshed });
const header = new Header(ticker, { onStrategy: (strategy) => change({ strategy }), onAnalyse: analyseAgain, onRecord: showRecord, priceRefresh });
const chart = new ChartCard(ticker, state, change);
const part = (id, title) => h("section", { class: "card", "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), h("div", { id }, loading()));
const details = h("div", {});
const context = h("div", {}); // news and the regime, where there are any
const earlier = h("div", {}); // what an earlier tool said, where it was imported
const panels = { analysis: h("div", {}), record: h("div", {}) };
const tabs = new Tabs(
  [
    { id: "analysis", title: "Analysis", panel: panels.analysis },
    { id: "record", title: "Record", panel: panels.record },
  ],
  (tab) => change({ tab }),
);
/** @type {import("../record/tab.js").RecordTab | null} */
let record = null; // once it has been asked for

/** @returns {Record<string, string>} */
function readState() {
  const read = readUrl(DEFAULTS);
  const allowed = (name, values) => (values.includes(read[name]) ? read[name] : DEFAULTS[name]);
  return { ...read, range: allowed("range", Object.keys(RANGES)), tab: allowed("tab", TABS), horizon: allowed("horizon", HORIZONS) };
}

function build() {
  fill(
    panels.analysis,
    chart.element,
    h("div", { class: "ticker-columns" }, part("votes", "Why: the votes of the indicators"), h("div", {}, part("position", "Trade and position size"), part("flips", "What would flip it"))),
    part("history", "Verdicts so far by this strategy"),
    earlier,
    context,
    details,
  );
  fill(page, header.element, tabs.element, Object.values(panels));
  showTab();
}

/** Show the chosen tab. The record's parts are loaded when it is looked at. */
async function showTab() {
  tabs.set(state.tab);
  if (state.tab !== "record") return;
  if (record === null) {
    if (!panels.record.childElementCount) fill(panels.record, loading());
    try {
      const { RecordTab } = await import("../record/tab.js");
      record ??= new RecordTab(ticker, { onHorizon: (horizon) => change({ horizon }), showTrades });
    } catch {
      fill(panels.record, problem(new ApiProblem(0), showTab));
      return;
    }
    fill(panels.record, record.element);
  }
  record.setVerdict(result?.verdict ?? null);
  record.set(state);
}

/** All of the record, which is looked at. */
function showRecord() {
  change({ tab: "record" });
  byId("tab-record").focus();
}

/** The trades of the backtest on the candles, which are looked at. */
function showTrades() {
  change({ tab: "analysis", show: writeShown(readShown(state.show).add(TRADES.key)) });
  byId("tab-analysis").focus({ preventScroll: true });
  chart.element.scrollIntoView({ block: "nearest" });
}

/** A choice of the person's: into the address, then onto the page. */
function change(choice) {
  writeUrl({ ...state, ...choice }, DEFAULTS, { push: !("range" in choice || "horizon" in choice) });
  follow();
}

/** Make the page what the address says. */
function follow() {
  const before = state;
  state = readState();
  chart.setState(state);
  header.strategies.setChosen(state.strategy);
  if (before.strategy !== state.strategy) analyse();
  if (!isUnknown) showTab();
}

async function loadBars() {
  try {
    await chart.load();
    header.setPrice(chart.bars);
  } catch (error) {
    if (error.code === "ticker_not_found") await loadFetched(error);
    else if (error.status === 404 || error.status === 422) showUnknown(error);
    else chart.fail(error, loadBars);
    if (!("status" in error)) console.error(error);
  }
}

/** An analysis has the prices of a ticker fetched, where a provider is configured. */
async function loadFetched(unknown) {
  fill(chart.state, loading(`Looking for prices of ${ticker} …`));
  if (await analyse()) {
    await Promise.all([loadBars(), loadVerdicts(), loadListing()]);
    return;
  }
  if (failure === null || failure.code === "ticker_not_found") showUnknown(failure ?? unknown);
  else if (failure.code === "prices_pending") {
    fill(chart.state, loading(`${failure.words ?? failure.message} This page goes on by itself.`));
    setTimeout(() => loadFetched(unknown), 1000 * (failure.retryAfter ?? PENDING_PAUSE));
  } else chart.fail(failure, loadBars);
}

function showUnknown(error) {
  isUnknown = true;
  analysis?.abort();
  const what =
    error.code === "ticker_not_found"
      ? `${reasonOf(error)} Upload its daily prices as a CSV file, or look for another ticker at the top.`
      : "This cannot be a ticker: it has letters, digits and . & ^ = _ -, at most 20 of them, and begins with a letter, a digit or ^.";
  fill(page, h("h1", {}, ticker), h("div", { class: "card" }, empty(`No prices for ${ticker}`, what, h("p", {}, h("a", { class: "button primary", href: "/prices" }, "To the prices")))), earlier);
}

/** Why there are no prices: what the providers say, or that nobody was asked. */
const reasonOf = ({ message }) => (message.includes("PRICE_PROVIDERS") ? "Nothing is stored under this ticker, and no provider of prices is configured to fetch it." : message);

/** Analyse by the address's strategy; the newest call wins. Whether there is a result afterwards. */
async function analyse() {
  analysis?.abort();
  const mine = new AbortController();
  analysis = mine;
  header.setBusy(true);
  try {
    const { answer, refusal } = await analysed(ticker, state.strategy, mine.signal);
    if (mine.signal.aborted) return false;
    result = answer;
    failure = null;
    showResult(mine.signal);
    header.setRefusal(refusal);
    return true;
  } catch (error) {
    if (mine.signal.aborted) return false;
    if (!("status" in error)) console.error(error);
    result = null;
    failure = error;
    if (!isUnknown) showFailure(error);
    return false;
  } finally {
    if (analysis === mine) header.setBusy(false);
  }
}

function showResult(signal) {
  header.setResult(result);
  record?.setVerdict(result.verdict);
  chart.setResult(result);
  fill(byId("votes"), votes(result));
  showPosition();
  show(byId("flips"), () => flips(result, signal), "Looking for the closes that change it …");
  const open = details.querySelector("details")?.open ?? false;
  fill(details, provenance(result, ticker));
  const panel = details.querySelector("details");
  if (panel) panel.open = open;
  showHistory();
}

function showPosition() {
  const shown = result;
  show(byId("position"), async () => {
    const { max_position_percent: capPercent } = (await strategies()).find(({ id }) => id === shown.strategy);
    return positionView(shown, sizing, capPercent);
  });
}

function showHistory() {
  const id = state.strategy;
  show(byId("history"), async () => {
    const known = await strategies().catch(() => []); // its id says nearly as much
    return verdictHistory(ticker, known.find((strategy) => strategy.id === id) ?? { id, name: id }, () => Promise.all([analyse(), loadBars(), loadVerdicts(), loadListing()]));
  });
}

/** What every strategy says. Without it the row has names only; why there is none stands at the top. */
async function loadVerdicts() {
  header.strategies.setVerdicts(await api.get(`/verdicts/${encodeURIComponent(ticker)}`).catch(() => null));
}

function showFailure(error) {
  header.setProblem(error, analyse);
  record?.setVerdict(null);
  chart.setResult(null);
  for (const id of ["votes", "position", "flips"]) fill(byId(id), h("p", { class: "soft" }, "There is no analysis to show; the reason is at the top."));
  fill(details);
  showHistory();
}

async function analyseAgain() {
  const before = result?.id;
  const [made] = await Promise.all([analyse(), loadBars(), loadVerdicts(), loadListing()]);
  if (made && result.id !== before) record?.reload();
  if (made) notify(result.id === before ? "Nothing new: the same prices give the same result." : `New result: ${result.verdict}, score ${formatScore(result.score)}.`);
}

/** Say where another provider had other closes; asked only where there is another one. */
async function loadDifference() {
  try {
    if ((await readProviders()).filter(({ configured }) => configured).length < 2) return;
    header.setDifference(await readDifference(ticker));
  } catch {
    // the page is whole without it
  }
}

/** After a refresh: the new prices and what they say. */
async function refreshed(job) {
  const changed = await changedTickers(job).catch(() => [ticker]);
  if (changed.length) await analyseAgain();
  else await loadListing();
}

/** The strategies, asked for once; again after a failure. */
function strategies() {
  strategiesAsked ??= api.get("/strategies").then(
    ({ items }) => items,
    (error) => {
      strategiesAsked = null;
      throw error;
    },
  );
  return strategiesAsked;
}

async function offerStrategies() {
  try {
    const known = await strategies();
    if (!known.some(({ id }) => id === state.strategy)) {
      writeUrl({ ...state, strategy: DEFAULTS.strategy }, DEFAULTS, { push: false });
      follow();
    }
    header.strategies.setStrategies(known, state.strategy);
  } catch (error) {
    notify(`The strategies could not be loaded. ${error.words ?? error.message}`, { problem: true });
  }
}

/** What the list of tickers says of it: its name, and how new its prices are. */
async function loadListing() {
  try {
    const { items } = await api.get("/tickers", { q: ticker, stored: true });
    const listing = items.find((item) => item.ticker === ticker) ?? null;
    header.setName(listing?.name);
    header.setFreshness(listing);
  } catch {
    header.setName(null); // the page is whole without it
    header.setFreshness(null);
  }
}

/** News about the ticker and the regime, after everything else. */
async function loadContext() {
  try {
    const { context: cards } = await import("../news/of-ticker.js");
    fill(context, await cards(ticker));
  } catch {
    // the page is whole without them
  }
}

async function loadEarlier() {
  try {
    const { earlierVerdicts } = await import("../ticker/earlier-verdicts.js");
    fill(earlier, await earlierVerdicts(ticker));
  } catch {
    // the page is whole without them
  }
}

addEventListener("popstate", follow);
onReturn(() => Promise.all([loadBars(), analyse(), offerStrategies(), loadVerdicts(), loadListing(), header.watching.load(), record?.reload()]));
build();
loadBars();
analyse();
offerStrategies();
loadVerdicts();
loadListing();
priceRefresh.offer();
loadDifference();
loadContext();
loadEarlier();
