// Indices: which there are; the levels, members and rebalancings of one, beside something else; and making one.

import { address, api } from "../api.js";
import { onReturn } from "../connection.js";
import { ask } from "../dialog.js";
import { byId, fill, h, notify } from "../dom.js";
import { folded, formatGrowth, formatReturn, segments, table } from "../evidence/figures.js";
import { inOrder, metricName, metricText } from "../evidence/metric-words.js";
import { formatCount, formatDay, formatPrice, formatWhole, isPast } from "../format.js";
import { prepareForm } from "../indices/form.js";
import { levelsPicture } from "../indices/levels.js";
import { ledgerTable, leftOutList, memberTable } from "../indices/members.js";
import { rulesInWords } from "../indices/words.js";
import { References } from "../references.js";
import { isViewer } from "../session.js";
import { empty, show } from "../states.js";
import { knowStrategies } from "../strategies.js";
import { suggestionsFor } from "../ticker-suggestions.js";
import { saveFor } from "../transfer.js";
import { readUrl, writeUrl } from "../url-state.js";

const DEFAULTS = { index: "", variant: "", beside: "" }; // without a variant, that which fits what stands beside
const MOST = 100;
const LINES = 12; // of the ledger at a time
const ALONE = "price"; // the variant of an index with nothing beside it
const VARIANTS = /** @type {[value: string, name: string][]} */ ([
  ["price", "Without distributions"],
  ["total", "With them reinvested"],
]);
const page = byId("page");
const detail = h("div", { id: "index-detail" });
const references = new References();
const canChange = !isViewer();
let state = readUrl(DEFAULTS);
/** @type {any[]} */
let known = [];

const pathOf = ({ id }) => `/indexes/${encodeURIComponent(id)}`;
const section = (id, title, ...content) => h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...content);

function draw() {
  return show(
    page,
    async () => {
      [{ items: known }] = await Promise.all([api.get("/indexes", { limit: MOST }), references.load(), knowStrategies()]);
      if (!known.length)
        return h("div", { class: "card" }, empty("No index yet.", canChange ? "Make one below; a preview shows what it would have been." : "Whoever may change things makes the first one."));
      queueMicrotask(drawDetail);
      return [(known.length > 1 || !chosen()) && list(), detail];
    },
    "Looking for indices …",
  );
}

function list() {
  const link = ({ id, name }) => h("a", { href: `/indices?index=${encodeURIComponent(id)}`, "aria-current": id === chosen()?.id ? "true" : null }, name);
  const columns = [
    { title: "Index", cell: link },
    { title: "Level", style: "number", cell: ({ level }) => formatPrice(level) },
    { title: "Since the beginning", style: "number", cell: ({ level, rules }) => formatGrowth(level / rules.base - 1) },
    { title: "Members", style: "number", cell: ({ members }) => formatWhole(members) },
    { title: "Published to", cell: ({ last_day: day }) => formatDay(day) },
    { title: "Set anew by closes of", cell: ({ next_reference_day: day }) => [formatDay(day), isPast(day) && h("div", { class: "small soft" }, "waits for prices")] },
  ];
  return section("list-title", "Which there are", table("Indices", columns, known, { style: "as-cards", mark: ({ id }) => ({ index: id }) }));
}

/** The index of the address, the first one without any; undefined for one that there is not. */
const chosen = () => (state.index ? known.find(({ id }) => id === state.index) : known[0]);

function drawDetail() {
  const index = chosen();
  if (!index) {
    document.title = "Indices – Bellwether";
    return fill(detail, h("div", { class: "card" }, empty("There is no such index.", "Its address is wrong, or it was deleted.", h("a", { href: "/indices" }, "All indices"))));
  }
  document.title = `${index.name} – Bellwether`;
  return show(detail, () => sheet(index), "Reading the index …");
}

async function sheet(index) {
  const path = pathOf(index);
  const { variant, beside } = state;
  const compared = beside ? compare(path, beside, variant) : null;
  const [levels, members, ledger, comparison] = await Promise.all([
    api.get(`${path}/values`, { variant: variant || ALONE }),
    api.get(`${path}/allocations`),
    api.get(`${path}/rebalances`, { limit: LINES }),
    compared?.catch((error) => ({ problem: error.words ?? error.message })) ?? null,
  ]);
  return [levelCard(index, levels, comparison), memberCard(index, members), ledgerCard(index, ledger), simulationCard(index)];
}

/** Like beside like, unless somebody says otherwise: with distributions, and without them where the other has none. */
async function compare(path, beside, variant) {
  const as = (chosenVariant) => api.get(`${path}/compare`, { with: beside, variant: chosenVariant, series: true });
  const found = await as(variant || "total");
  return variant || found.other.adjusted ? found : as("price");
}

function levelCard(index, levels, comparison) {
  const fits = comparison && !comparison.problem;
  const variant = fits ? (comparison.index.adjusted ? "total" : "price") : levels.variant;
  const days = fits ? comparison.series.days : levels.items.map(({ day }) => day);
  const values = fits ? comparison.series.index.map((value) => 100 * value) : levels.items.map(({ value }) => value);
  const other = fits ? { name: nameOf(comparison.other), values: comparison.series.other.map((value) => 100 * value) } : null;
  const csv = h("button", { type: "button", id: "index-csv" }, "CSV");
  csv.addEventListener("click", () => saveFor(csv, `${pathOf(index)}/values`, { params: { variant }, accept: "text/csv", name: "index.csv" }));
  const excel = h("a", { class: "button", id: "index-excel", href: address(`/reports/index/${index.id}.xlsx`), "aria-label": "Download the index as Excel" }, "↓ Excel");
  const update = h("button", { type: "button", id: "index-update", onclick: () => bringUpToDate(index, update) }, "Bring up to date");
  const change = h("button", { type: "button", id: "index-change", onclick: async () => (await opened)?.(index) }, "Change");
  const remove = h("button", { type: "button", class: "danger", id: "index-delete", onclick: () => deleteIndex(index) }, "Delete");
  return section(
    "level-title",
    index.name,
    h("p", {}, rulesInWords(index.rules, references.nameOf)),
    controls(variant),
    comparison?.problem && h("p", { class: "field-problem", role: "alert" }, comparison.problem),
    h("p", { class: "record-lead" }, fits ? grownBeside(index, comparison) : grownAlone(levels)),
    levels.items.length > 1 ? levelsPicture(index.name, days, values, other) : h("p", { class: "soft" }, "There is one day yet."),
    fits && h("p", { class: "small", id: "index-footing" }, footing(index, comparison)),
    fits && folded(`Beside ${nameOf(comparison.other)}, in numbers`, () => comparisonTable(index, comparison)),
    index.notes.length > 0 &&
      h(
        "ul",
        { class: "index-notes small soft" },
        index.notes.map((note) => h("li", {}, note)),
      ),
    h("div", { class: "row end" }, csv, excel, canChange && [update, change, remove]),
  );
}

const nameOf = ({ name, reference, kind }) => (kind === "ticker" ? reference : (name ?? reference));

function grownAlone({ items, base }) {
  const [first, last] = [items[0], items[items.length - 1]];
  return `From ${formatDay(first.day)} to ${formatDay(last.day)}: ${formatGrowth(last.value / base - 1)}, to ${formatPrice(last.value)}.`;
}

/** What both grew by on the days that both have. */
function grownBeside(index, { first_day: first, last_day: last, series, other }) {
  const grown = (row) => formatReturn(row[row.length - 1] - 1);
  return `From ${formatDay(first)} to ${formatDay(last)}: ${index.name} ${grown(series.index)}, ${nameOf(other)} ${grown(series.other)}.`;
}

/** Which days both have, and whether distributions are in either. */
function footing(index, { first_day: first, last_day: last, other, notes }) {
  const isPart = first > index.first_day || last < index.last_day;
  const days = isPart ? [`${nameOf(other)} and ${index.name} both have values from ${formatDay(first)} to ${formatDay(last)}, so that only these days are shown.`] : [];
  return [...days, ...notes].join(" ");
}

function comparisonTable(index, { index: own, other, beside }) {
  const columns = [
    { title: "What", cell: metricName },
    { title: index.name, style: "number", cell: (name) => metricText(name, own.metrics[name] ?? beside[name]) },
    { title: nameOf(other), style: "number", cell: (name) => (other.metrics[name] ? metricText(name, other.metrics[name]) : "") },
  ];
  const names = inOrder({ ...own.metrics, ...beside });
  return table("The numbers of both", columns, names);
}

/** @param {string} variant - which is shown */
function controls(variant) {
  const variants = segments("Variant", VARIANTS, (chosenVariant) => choose({ variant: chosenVariant }));
  variants.set(variant);
  const input = /** @type {HTMLInputElement} */ (
    h("input", { id: "index-beside", value: references.labelOf(state.beside), maxlength: "220", autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: "SPY, or nothing" })
  );
  const form = h(
    "form",
    { class: "index-controls on-paper", "aria-label": "What is shown" },
    variants.element,
    h("div", { class: "field" }, h("label", { for: "index-beside" }, "Beside"), input, suggestionsFor(input, references.labels)),
    h("button", { type: "submit" }, "Compare"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const beside = input.value.trim();
    const reference = references.referenceOf(beside);
    if (beside && reference === null) return notify("Beside stands a ticker such as MSFT, a portfolio or an index from the list, or nothing.", { problem: true });
    return choose({ beside: reference ?? "" });
  });
  return form;
}

function memberCard(index, members) {
  const told = `Weights at the close of ${formatDay(members.day)}; targets are of ${formatDay(members.since)}.`;
  const body = members.items.length ? memberTable(members) : h("p", { class: "soft" }, "Nobody is held at the moment; the level stands until somebody can be.");
  const csv = h("button", { type: "button", "aria-label": "Members as CSV" }, "CSV");
  csv.addEventListener("click", () => saveFor(csv, `${pathOf(index)}/allocations`, { accept: "text/csv", name: "members.csv" }));
  const title = h("div", { class: "spread" }, h("h2", { id: "members-title" }, formatCount(index.members, "member", "members")), csv);
  return h("section", { class: "card", "aria-labelledby": "members-title" }, title, h("p", { class: "small soft" }, told), body, leftOutList(members.left_out));
}

function ledgerCard(index, ledger) {
  const place = h("div", {}, ledgerTable(ledger.items));
  const more = h("div", { class: "row" });
  const offer = (cursor) => fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show earlier ones"));
  const items = [...ledger.items];
  const next = async (cursor, button) => {
    button.disabled = true;
    try {
      const following = await api.get(`${pathOf(index)}/rebalances`, { limit: LINES, cursor });
      items.push(...following.items);
      fill(place, ledgerTable(items));
      offer(following.next_cursor);
    } catch (error) {
      button.disabled = false;
      notify(`The earlier ones did not come. ${error.words ?? error.message}`, { problem: true });
    }
  };
  offer(ledger.next_cursor);
  const day = ledger.next_reference_day;
  const when = isPast(day)
    ? `The next weights have been due since ${formatDay(day)}: they are computed once there are prices of that day and of the trading day after it.`
    : `The next weights are computed from the closes of ${formatDay(day)}, and bought at the close of the trading day after it.`;
  return section("ledger-title", "Rebalancings", h("p", {}, when), place, more);
}

function simulationCard(index) {
  const amount = /** @type {HTMLInputElement} */ (h("input", { id: "simulate-amount", type: "number", min: "1", step: "any", inputmode: "decimal", value: "10000" }));
  const start = /** @type {HTMLInputElement} */ (h("input", { id: "simulate-start", type: "date", value: index.first_day, min: index.first_day, max: index.last_day }));
  const answer = h("p", { id: "simulated", "aria-live": "polite" });
  const form = h(
    "form",
    { class: "index-controls", novalidate: true },
    h("div", { class: "field" }, h("label", { for: "simulate-amount" }, "Amount"), amount),
    h("div", { class: "field" }, h("label", { for: "simulate-start" }, "Invested on"), start),
    h("button", { type: "submit" }, "Simulate"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(Number(amount.value) > 0)) return fill(answer, "The amount is above 0.");
    try {
      const found = await api.post(`${pathOf(index)}/simulate`, { amount: Number(amount.value), start: start.value || null });
      const { value, gain, costs, first_day: first, metrics, notes } = found;
      const words = `${formatPrice(found.amount)} on ${formatDay(first)} would be ${formatPrice(value)}, ${formatReturn(gain / found.amount)}, with distributions and after ${formatPrice(costs)} for the first purchase and the rebalancings. ${notes.join(" ")}`;
      fill(answer, `${words} The deepest fall on the way: ${formatReturn(metrics.max_drawdown.value)}.`);
    } catch (error) {
      fill(answer, error.words ?? error.message);
    }
    return undefined;
  });
  return section("simulate-title", "What an amount would have become", form, answer);
}

async function bringUpToDate(index, button) {
  button.disabled = true;
  try {
    const now = await api.post(`${pathOf(index)}/publish`, {});
    notify(now.published > index.published ? `${index.name} is published to ${formatDay(now.last_day)}.` : `There is nothing new of ${index.name}.`);
    await draw();
  } catch (error) {
    button.disabled = false;
    notify(`${index.name} was not brought up to date. ${error.words ?? error.message}`, { problem: true });
  }
}

async function deleteIndex(index) {
  const isSure = await ask({ title: `Delete ${index.name}?`, words: "Its levels and its ledger go with it.", confirm: "Delete", isDanger: true });
  if (isSure === null) return;
  try {
    await api.delete(pathOf(index));
    notify(`${index.name} is deleted.`);
    writeUrl({ ...DEFAULTS }, DEFAULTS);
    state = readUrl(DEFAULTS);
  } catch (error) {
    notify(`${index.name} was not deleted. ${error.words ?? error.message}`, { problem: true });
  }
  await draw();
}

function choose(more) {
  writeUrl({ ...state, ...more }, DEFAULTS);
  state = readUrl(DEFAULTS);
  return drawDetail();
}

addEventListener("popstate", () => {
  state = readUrl(DEFAULTS);
  draw();
});
byId("make").hidden = !canChange;
onReturn(draw);
const opened = prepareForm(references.nameOf, (made) => {
  writeUrl({ ...DEFAULTS, index: made.id }, DEFAULTS);
  state = readUrl(DEFAULTS);
  return draw();
});
await draw();
