// The strategies of the organization: which there are, and making, changing, trying and archiving one.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { byId, fill, h, notify } from "../dom.js";
import { table } from "../evidence/figures.js";
import { formatDay, formatScore } from "../format.js";
import { VOTING } from "../screener/columns.js";
import { isViewer } from "../session.js";
import { show } from "../states.js";
import { forgetStrategies } from "../strategies.js";
import { isTicker, tickersIn } from "../tickers.js";
import { field, select, verdictBadge } from "../widgets.js";

const CATEGORIES = [
  ["trend", "Trend"],
  ["momentum", "Momentum"],
  ["volatility", "Volatility"],
  ["volume", "Volume"],
];
const TRADE = [
  ["stop_percent", "Stop, % of the entry at least", 8],
  ["reward_risk", "Target distance ÷ stop distance", 10],
  ["max_position_percent", "Largest position, % of capital", 100],
];

/** @type {HTMLElement} */
let place;
/** Called once what there is has changed. */
let changed = () => {};
/** @type {any[]} */
let builtIn = [];
/** The one that the form changes; null for a new one. @type {any} */
let edited = null;

/** Show the strategies in an element. @param {HTMLElement} element @param {() => void} onChange */
export function showOwnStrategies(element, onChange) {
  place = element;
  changed = onChange;
  return draw();
}

function draw() {
  const build = async () => {
    const { items } = await api.get("/strategies", { archived: true });
    builtIn = items.filter(({ version }) => version === null);
    const own = items.filter(({ version }) => version !== null);
    edited = null;
    return [
      h("h2", { id: "own-title" }, "Your own strategies"),
      own.length ? list(own) : h("p", { class: "soft" }, "None is stored yet. One that is can be chosen wherever a strategy is."),
      !isViewer() && h("div", { id: "own-form" }, h("button", { type: "button", onclick: () => open(null) }, "Make a strategy")),
    ];
  };
  return show(place, build, "Looking for your strategies …");
}

function list(own) {
  const base = (id) => builtIn.find((each) => each.id === id)?.name ?? id;
  const columns = [
    { title: "Strategy", cell: ({ name, id, description }) => [name, h("div", { class: "small soft" }, id), description && h("div", { class: "small" }, description)] },
    { title: "Made from", cell: (row) => base(row.base) },
    { title: "Version", cell: ({ version, since }) => `${version}, since ${formatDay(since)}` },
    { title: "Stop, target, position", cell: (row) => `${row.stop_percent}%, ${row.reward_risk} ×, ${row.max_position_percent}%` },
    { title: "", cell: (row) => (isViewer() ? row.archived && "Archived" : commands(row)) },
  ];
  return table("Your own strategies", columns, own, { style: "as-cards", mark: ({ id }) => ({ strategy: id }) });
}

function commands(row) {
  const { name, archived } = row;
  return h(
    "div",
    { class: "row" },
    archived && h("span", { class: "small soft" }, "Archived"),
    h("button", { type: "button", "aria-label": `${archived ? "Bring back" : "Change"} ${name}`, onclick: () => open(row) }, archived ? "Bring back" : "Change"),
    !archived && h("button", { type: "button", class: "danger", "aria-label": `Remove ${name}`, onclick: () => remove(row) }, "Remove"),
  );
}

async function remove({ id, name }) {
  const words = "If something was made with it, it is archived: what it told stays, and nothing new is made with it. Otherwise it is deleted.";
  if ((await ask({ title: `Remove ${name}?`, words, confirm: "Remove", isDanger: true })) === null) return;
  try {
    await api.delete(`/strategies/${id}`);
    notify(`${name} is removed.`);
  } catch (error) {
    notify(`${name} was not removed. ${error.words ?? error.message}`, { problem: true });
  }
  await settle();
}

async function settle() {
  forgetStrategies();
  changed();
  await draw();
}

// ---- the form -------------------------------------------------------------------------------------------------------------------

const number = (id, value, most) => h("input", { id, type: "number", min: "0", max: String(most), step: "any", required: true, value: String(value) });
const numberOf = (id) => Number(/** @type {HTMLInputElement} */ (byId(id)).value);
const textOf = (id) => /** @type {HTMLInputElement} */ (byId(id)).value.trim();
const weightId = (key) => `own-weight-${key}`;

/** Open the form for a strategy, or for a new one. @param {any} row */
function open(row) {
  edited = row;
  const values = row ?? builtIn[0];
  const base = select(
    "own-base",
    builtIn.map(({ id, name }) => [id, name]),
    values.base ?? values.id,
    () => takeOver(base.value),
  );
  const weights = (names, of) => names.map(([key, name]) => field(name, number(weightId(key), of[key], 100)));
  const form = h(
    "form",
    { class: "stack", "aria-labelledby": "own-form-title", onsubmit: store },
    h("h3", { id: "own-form-title" }, row ? `Change ${row.name}` : "A new strategy"),
    h(
      "div",
      { class: "own-fields" },
      field("Name", h("input", { id: "own-name", maxlength: "60", required: true, autocomplete: "off", value: row?.name ?? "" })),
      field("What leads it", h("input", { id: "own-description", maxlength: "300", autocomplete: "off", value: row?.description ?? "" })),
      field("Made from", base),
    ),
    h("fieldset", {}, h("legend", {}, "Categories: an indicator's weight is multiplied by its category's"), h("div", { class: "own-fields" }, weights(CATEGORIES, values.category_weights))),
    h("fieldset", {}, h("legend", {}, "Indicators"), h("div", { class: "own-fields" }, weights(VOTING, values.indicator_weights))),
    h(
      "fieldset",
      {},
      h("legend", {}, "Trades"),
      h(
        "div",
        { class: "own-fields" },
        TRADE.map(([key, name, most]) => field(String(name), number(weightId(key), values[key], most))),
      ),
    ),
    h(
      "div",
      { class: "row" },
      field("Try it on", h("input", { id: "own-ticker", maxlength: "20", size: "10", autocomplete: "off", placeholder: "AAPL" })),
      h("button", { type: "button", onclick: attempt }, "Try"),
    ),
    h("p", { id: "own-tried", role: "status" }),
    h("p", { id: "own-problem", class: "problem", role: "alert" }),
    h("div", { class: "row end" }, h("button", { type: "button", onclick: draw }, "Leave it"), h("button", { type: "submit", class: "primary" }, "Store")),
  );
  fill(byId("own-form"), form);
  byId("own-name").focus();
}

/** Begin anew from the values of another base. @param {string} id */
function takeOver(id) {
  const base = builtIn.find((each) => each.id === id);
  const all = { ...base.category_weights, ...base.indicator_weights, ...Object.fromEntries(TRADE.map(([key]) => [key, base[key]])) };
  for (const [key, value] of Object.entries(all)) /** @type {HTMLInputElement} */ (byId(weightId(key))).value = String(value);
}

const weightsOf = (names) => Object.fromEntries(names.map(([key]) => [key, numberOf(weightId(key))]));

async function store(event) {
  event.preventDefault();
  fill(byId("own-problem"));
  const body = {
    name: textOf("own-name"),
    description: textOf("own-description"),
    base: textOf("own-base"),
    category_weights: weightsOf(CATEGORIES),
    indicator_weights: weightsOf(VOTING),
    ...weightsOf(TRADE),
  };
  try {
    const stored = edited ? await api.put(`/strategies/${edited.id}`, body) : await api.post("/strategies", body);
    notify(`${stored.name} is stored as version ${stored.version}.`);
    await settle();
  } catch (error) {
    fill(byId("own-problem"), error.words ?? error.message);
  }
}

/** What the weights say of a ticker today, beside what the base says. Neither becomes the ticker's latest result. */
async function attempt() {
  const [ticker] = tickersIn(textOf("own-ticker"));
  const tried = byId("own-tried");
  fill(byId("own-problem"));
  if (!ticker || !isTicker(ticker)) return fill(tried, "Type a ticker, such as AAPL.");
  const strategy = textOf("own-base");
  const weights = { ...weightsOf(CATEGORIES), ...weightsOf(VOTING) };
  try {
    const [mine, verdicts] = await Promise.all([
      api.post("/analyze", { ticker, strategy, weights, reward_risk: numberOf(weightId("reward_risk")) }),
      api.get(`/verdicts/${encodeURIComponent(ticker)}`),
    ]);
    const before = verdicts.items.find((each) => each.strategy === strategy);
    const words = [`${ticker}: `, verdictBadge(mine.verdict), ` with a score of ${formatScore(mine.score)}; ${before.name} says `, verdictBadge(before.verdict), ` with ${formatScore(before.score)}.`];
    fill(tried, words, " A stop of your own shows once the strategy is stored.");
  } catch (error) {
    fill(tried);
    fill(byId("own-problem"), error.words ?? error.message);
  }
}
