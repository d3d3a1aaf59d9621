// Evidence: what followed the verdicts of a strategy over a universe, and the strategies beside each other.

import { address, api } from "../api.js";
import { followJob, runJob } from "../bulk-run.js";
import { onReturn } from "../connection.js";
import { byId, fill, h, isFocusLost } from "../dom.js";
import { curve, curveLegend, curveSentence, curveTable, MEASURES } from "../evidence/curve.js";
import { definitions, folded, formatHit, segments } from "../evidence/figures.js";
import { strategiesTable, universeTable } from "../evidence/universe-table.js";
import { formatCount, formatDay, formatMoment, formatWhole } from "../format.js";
import { defined, intervalWords } from "../record/method.js";
import { empty, loading, problem } from "../states.js";
import { showOwnStrategies } from "../strategies/own-strategies.js";
import { namedStrategies, offerStrategies, strategyName } from "../strategies.js";
import { saveFor } from "../transfer.js";
import { chooseUniverse, offerUniverses } from "../universes.js";
import { readUrl, writeUrl } from "../url-state.js";
import { field, select } from "../widgets.js";
import { FINISHED } from "../words.js";

const DEFAULTS = { universe: "all", strategy: "balanced", horizon: "20", measure: "hit" };
const page = byId("page");
const bulk = byId("bulk");
const compute = /** @type {HTMLButtonElement} */ (byId("compute"));
const controls = { universe: /** @type {HTMLSelectElement} */ (byId("universe")), strategy: /** @type {HTMLSelectElement} */ (byId("strategy")) };

let state = readUrl(DEFAULTS);
let asked = 0; // the newest load wins
/** @type {Map<string, any>} */
let found = new Map(); // strategy → its evidence over the universe, null where nothing is stored; only what has been asked for
/** @type {Set<string>} */
const followed = new Set(); // jobs whose progress stands on the page

/** What a job has computed: the evidence, null where there is none, and the job that computes it now, if any. */
async function read(strategy, universe) {
  try {
    const answer = await api.get("/evidence", { strategy, universe });
    return "beat" in answer ? { evidence: answer, job: answer.job } : { evidence: null, job: answer };
  } catch (error) {
    if (error.code === "evidence_not_found") return { evidence: null, job: null };
    throw error;
  }
}

/** Ask for what is stored of the chosen strategy over the universe, show it, and go on with the others. */
async function load() {
  const mine = ++asked;
  const { universe, strategy } = state;
  page.setAttribute("aria-busy", "true");
  compute.disabled = true;
  found = new Map();
  try {
    const others = (await namedStrategies()).map(([id]) => id).filter((id) => id !== strategy);
    // One after the other: each is a whole answer, of which the server makes few at once.
    for (const id of [strategy, ...others]) {
      const { evidence, job } = await read(id, universe);
      if (mine !== asked) return;
      found.set(id, evidence);
      if (id === strategy) {
        compute.disabled = false;
        draw();
      }
      if (job && !FINISHED.has(job.status)) follow(job);
    }
    drawCompared();
  } catch (error) {
    if (mine !== asked) return;
    if (!("status" in error)) console.error(error);
    fill(byId("computed"));
    fill(page, problem(error, load));
  } finally {
    if (mine === asked) page.removeAttribute("aria-busy");
  }
}

/** A place for the progress of one more job. */
function place() {
  const area = h("div", {});
  bulk.append(area);
  return area;
}

/** Go on with a job that was begun before the page was opened. */
async function follow(job) {
  if (followed.has(job.id)) return;
  followed.add(job.id);
  if (await followJob(place(), job)) await load();
}

async function start(strategies) {
  compute.disabled = true;
  const { universe } = state;
  const areas = strategies.map(place);
  const jobs = await Promise.all(strategies.map((strategy, at) => runJob(areas[at], "/evidence", { universe, strategy })));
  // Of one job its end is told here; of several, only what did not go well.
  for (const [at, job] of jobs.entries()) if (jobs.length > 1 && job?.status === "completed" && !job.failed) areas[at].remove();
  compute.disabled = false;
  await load();
  if (isFocusLost()) compute.focus();
}

// ---- what is shown ----------------------------------------------------------------------------------------------------------------

const pick = { element: h("div", {}), set: (/** @type {string} */ _) => {} };
const figures = h("div", {});
const beside = h("div", {});

function draw() {
  const evidence = found.get(state.strategy);
  compute.textContent = evidence ? "Compute again" : "Compute";
  if (!evidence) {
    fill(byId("computed"));
    fill(page, nothing(), beside);
    drawCompared();
    return;
  }
  fill(byId("computed"), computedWords(evidence));
  const days = evidence.horizons.map((horizon) => String(horizon.h));
  Object.assign(
    pick,
    segments(
      "Horizon in trading days",
      days.map((each) => [each, `${each} days`]),
      (horizon) => change({ horizon }),
    ),
  );
  fill(page, head(evidence), figures, beside, method(evidence));
  drawHorizon();
}

/** What depends on the horizon and the measure, apart from what has the focus. */
function drawHorizon() {
  const evidence = found.get(state.strategy);
  if (!evidence?.horizons.length) return fill(figures);
  const at = evidence.horizons.find((horizon) => String(horizon.h) === state.horizon) ?? evidence.horizons[0];
  pick.set(String(at.h));
  fill(figures, at.deciles.length > 0 && curveCard(at), verdictCard(at));
  drawCompared();
}

function computedWords({ finished_at: finished, engine_version: engine, first, last }) {
  const span = first && last ? ` Days from ${formatDay(first)} to ${formatDay(last)}.` : "";
  return `Computed ${formatMoment(finished)} by version ${engine} of the rules.${span}`;
}

function nothing() {
  const name = controls.universe.selectedOptions[0]?.textContent ?? state.universe;
  return h(
    "div",
    { class: "card" },
    empty(
      `Nothing has been computed for ${strategyName(state.strategy)} over ${name} yet`,
      "“Compute” reads all stored prices of these tickers, and counts what followed each verdict of each day: by tenths of the score, by verdict, and whether following them beat holding the shares.",
      "It runs in the background and takes seconds for some hundred tickers, a minute for some thousand. The outcome stays here until it is computed again.",
    ),
  );
}

function head(evidence) {
  const { tickers, too_short: tooShort, ended, beat, survivorship } = evidence;
  const counted = `${formatCount(tickers, "ticker", "tickers")} counted${tooShort ? `, ${formatWhole(tooShort)} with too short a history` : ""}${ended ? `, ${formatWhole(ended)} of them ended` : ""}.`;
  return h(
    "section",
    { class: "card", "aria-labelledby": "head-title" },
    h("div", { class: "spread" }, h("h2", { id: "head-title" }, `${strategyName(evidence.strategy)}: has it a record?`), evidence.horizons.length > 0 && pick.element),
    h("p", { class: "record-lead" }, beat.sentence),
    tickers > 0 && h("p", { class: "small" }, survivorship),
    h("p", { class: "small soft" }, counted),
    !evidence.horizons.length && h("p", {}, `No ticker has a day that counts yet: a day needs ${evidence.warmup} bars before it, and its outcome after it.`),
  );
}

function curveCard(at) {
  const chart = h("div", {});
  const show = () => {
    const measure = MEASURES[state.measure] ?? MEASURES.hit;
    fill(chart, curve(at, measure), curveLegend(measure));
  };
  const choose = select(
    "measure",
    Object.entries(MEASURES).map(([key, { name }]) => [key, name]),
    state.measure,
    () => {
      change({ measure: choose.value }, { redraw: false });
      show();
    },
  );
  show();
  return h(
    "section",
    { class: "card", "aria-labelledby": "curve-title" },
    h("div", { class: "spread" }, h("h2", { id: "curve-title" }, "Did higher scores bring more?"), field("Shown", choose)),
    h("p", {}, curveSentence(at)),
    chart,
    folded("The curve as a table", () => curveTable(at)),
  );
}

function verdictCard(at) {
  const { base } = at;
  const any = `Any ${at.h} days: ${formatHit(base.hit)} of ${formatWhole(base.n)} rose after cost, ${formatHit(base.fell)} fell.`;
  return h(
    "section",
    { class: "card", "aria-labelledby": "verdicts-title" },
    h("h2", { id: "verdicts-title" }, "How often was each verdict right?"),
    universeTable(at),
    h("p", { class: "small soft" }, any),
  );
}

/** The strategies beside each other, as far as they have been computed over this universe. Drawn once all are known. */
function drawCompared() {
  const names = [...controls.strategy.options].map(({ value, textContent }) => ({ id: value, name: textContent ?? value, evidence: found.get(value) ?? null }));
  const missing = names.filter(({ evidence }) => !evidence);
  if (found.size < names.length || missing.length === names.length) return fill(beside);
  const others = missing.map(({ name }) => name).join(", ");
  const button = h("button", { type: "button", onclick: () => start(missing.map(({ id }) => id)) }, missing.length === 1 ? "Compute it" : "Compute them");
  const known = found.get(state.strategy)?.horizons.map((horizon) => horizon.h) ?? [];
  const days = known.includes(Number(state.horizon)) ? Number(state.horizon) : (known[0] ?? Number(DEFAULTS.horizon));
  return fill(
    beside,
    h(
      "section",
      { class: "card", "aria-labelledby": "compared-title" },
      h("h2", { id: "compared-title" }, `The strategies beside each other, over ${days} days`),
      strategiesTable(names, days),
      missing.length > 0 && h("p", { class: "row small" }, h("span", { class: "soft" }, `Not computed over this universe yet: ${others}.`), button),
      h("p", { class: "small soft" }, "Of several strategies one looks best by luck alone: trust a lift only where its interval lies above 0, and where the horizons agree."),
    ),
  );
}

function method(evidence) {
  const { basis, cost_bp: cost, interval } = evidence;
  const params = { strategy: evidence.strategy, universe: state.universe };
  const csv = h("button", { type: "button", id: "evidence-csv" }, "CSV");
  csv.addEventListener("click", () => saveFor(csv, "/evidence", { params, accept: "text/csv", name: "evidence.csv" }));
  const report = address("/reports/evidence.xlsx", params);
  const excel = h("a", { class: "button", id: "evidence-excel", href: report, "aria-label": "Download the evidence as Excel" }, "↓ Excel");
  const facts = /** @type {[string, any][]} */ ([
    ["What it rests on", basis],
    ["Cost of a round trip", `${cost} basis points (${cost / 100}%)`],
    ["Intervals", intervalWords(interval)],
  ]);
  return h(
    "section",
    { class: "card", "aria-label": "Method" },
    folded("How this is counted, and what the words mean", () => [defined(evidence.definitions), definitions(facts)]),
    h("div", { class: "row end" }, csv, excel),
  );
}

// ---- choices ----------------------------------------------------------------------------------------------------------------------

/** A choice of the person's: into the address, then onto the page. @param {Record<string, string>} choice */
function change(choice, { redraw = true } = {}) {
  writeUrl({ ...state, ...choice }, DEFAULTS, { push: "universe" in choice || "strategy" in choice });
  const before = state;
  state = readUrl(DEFAULTS);
  if (before.universe !== state.universe) load();
  else if (before.strategy !== state.strategy) found.has(state.strategy) ? draw() : load();
  else if (redraw) drawHorizon();
}

for (const [name, control] of Object.entries(controls)) {
  control.addEventListener("change", () => {
    control.dataset.touched = "true";
    change({ [name]: control.value });
  });
}
byId("evidence-form").addEventListener("submit", (event) => {
  event.preventDefault();
  start([state.strategy]);
});
addEventListener("popstate", () => {
  state = readUrl(DEFAULTS);
  chooseUniverse(controls.universe, state.universe);
  controls.strategy.value = state.strategy;
  load();
});
/** The strategies in the select are those that there are now. */
async function offerAnew() {
  const known = await namedStrategies();
  const ids = new Set(known.map(([id]) => id));
  for (const option of [...controls.strategy.options]) if (!ids.has(option.value)) option.remove();
  await offerStrategies(controls.strategy, state.strategy);
  if (controls.strategy.value !== state.strategy) change({ strategy: controls.strategy.value });
  else drawCompared();
}

onReturn(load);
showOwnStrategies(byId("own-strategies"), offerAnew);
fill(page, loading("Looking for evidence …"));
chooseUniverse(controls.universe, state.universe);
await Promise.all([offerStrategies(controls.strategy, state.strategy), offerUniverses(controls.universe)]);
if (controls.strategy.value !== state.strategy) {
  writeUrl({ ...state, strategy: DEFAULTS.strategy }, DEFAULTS, { push: false });
  state = readUrl(DEFAULTS);
}
await load();
