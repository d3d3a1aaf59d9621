// The form that makes an index or changes its rules, with a preview of what it would be.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatHit } from "../evidence/figures.js";
import { formatCount, formatDay, formatPrice } from "../format.js";
import { namedStrategies } from "../strategies.js";
import { isTicker, tickersIn } from "../tickers.js";
import { offerUniverses } from "../universes.js";
import { levelsPicture } from "./levels.js";
import { byTicker, choose, FormFault, linesOf, weightingInputs } from "./weighting.js";
import { REBALANCES, rulesInWords } from "./words.js";

/** The controls of the API's fields. */
const CONTROLS = {
  name: "index-name",
  members: "index-tickers",
  tickers: "index-tickers",
  universe: "index-universe",
  single_cap: "index-cap",
  group_cap: "index-group-cap",
  groups: "index-groups",
  base: "index-base",
  cost_bp: "index-cost",
  notice_days: "index-notice",
  start: "index-start",
  currency: "index-currency",
  weighting: "index-method",
};
const ONLY_BALANCED = /** @type {[string, string][]} */ ([["balanced", "Balanced"]]);
const control = (id) => /** @type {HTMLInputElement} */ (byId(id));
const options = (id, entries, chosen) =>
  fill(
    byId(id),
    entries.map(([value, name]) => h("option", { value, selected: value === chosen }, name)),
  );

/** Tell what is wrong, and lead to the control that it is about, which may be folded away. @param {string} words @param {HTMLElement | null} wrong */
function complain(words, wrong = null) {
  for (const marked of byId("index-form").querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
  fill(byId("index-problem"), words);
  if (!wrong) return;
  const fold = wrong.closest("details");
  if (fold) fold.open = true;
  wrong.setAttribute("aria-invalid", "true");
  wrong.focus();
}

/** A percentage as a part of 1; null for nothing. */
function partOf(id) {
  const input = control(id);
  if (!input.validity.valid || input.value === "0") throw new FormFault("A cap is a percentage, above 0 and up to 100, or nothing.", input);
  return input.value ? Number(input.value) / 100 : null;
}

function numberOf(id, words) {
  const input = control(id);
  if (input.value === "" || !input.validity.valid) throw new FormFault(words, input);
  return Number(input.value);
}

function members() {
  const tickers = tickersIn(control("index-tickers").value);
  const wrong = tickers.find((ticker) => !isTicker(ticker));
  if (wrong) throw new FormFault(`${wrong} is no ticker. Separate them by spaces or commas.`, control("index-tickers"));
  const verdicts = [.../** @type {NodeListOf<HTMLInputElement>} */ (byId("index-verdicts").querySelectorAll("input:checked"))].map(({ value }) => value);
  const screen = verdicts.length ? { strategy: control("index-screen-strategy").value, verdicts } : null;
  return { ...(tickers.length ? { tickers } : { universe: control("index-universe").value }), screen };
}

/** The rules as the form says them. Throws a FormFault. */
function rules(weighting) {
  const currency = control("index-currency").value.trim();
  const groups = /** @type {any} */ (control("index-groups"));
  const found = {
    members: members(),
    weighting: weighting.read(),
    rebalance: control("index-rebalance").value,
    single_cap: partOf("index-cap"),
    group_cap: partOf("index-group-cap"),
    groups: groups.value.trim() ? byTicker(groups, (words) => words.join(" ")) : null,
    base: numberOf("index-base", "The level at the beginning is above 0."),
    cost_bp: numberOf("index-cost", "What trading costs is from 0 to 1,000 basis points."),
    notice_days: numberOf("index-notice", "It is told from 0 to 20 trading days before."),
    start: control("index-start").value || null,
    currency: currency || null,
  };
  if (!control("index-start").validity.valid) throw new FormFault("From is a whole date, or nothing for the earliest.", control("index-start"));
  if (currency && !/^[A-Za-z]{3}$/.test(currency)) throw new FormFault("A currency has three letters, such as USD, or nothing.", control("index-currency"));
  return found;
}

const percentOf = (part) => (part === null ? "" : String(Number((100 * part).toPrecision(12))));

/** Put the rules of an index into the form. */
function present({ name, rules: stored }, weighting) {
  const { members: who } = stored;
  const { screen } = who;
  const values = {
    name,
    tickers: who.tickers.join(" "),
    rebalance: stored.rebalance,
    cap: percentOf(stored.single_cap),
    "group-cap": percentOf(stored.group_cap),
    groups: typeof stored.groups === "string" ? "" : linesOf(stored.groups),
    base: stored.base,
    cost: stored.cost_bp,
    notice: stored.notice_days,
    start: stored.start ?? "",
    currency: stored.currency ?? "",
  };
  for (const [id, value] of Object.entries(values)) control(`index-${id}`).value = String(value);
  choose(/** @type {any} */ (byId("index-universe")), who.universe ?? "all");
  choose(/** @type {any} */ (byId("index-screen-strategy")), screen?.strategy ?? "balanced");
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (byId("index-verdicts").querySelectorAll("input"))) box.checked = screen?.verdicts.includes(box.value) ?? false;
  weighting.set(stored.weighting);
}

function shown(preview, nameOf) {
  const { items, first_day: first, last_day: last, level, total_level: total, members: count, turnover_per_year: turnover, notes, latest } = preview;
  const name = control("index-name").value.trim() || "the index";
  const heaviest = [...latest.positions].sort((one, other) => other.after - one.after).slice(0, 5);
  return [
    h("h3", {}, "As it would be"),
    h("p", {}, rulesInWords(preview.rules, nameOf)),
    h(
      "p",
      {},
      `From ${formatDay(first)} to ${formatDay(last)} it went to ${formatPrice(level)}, with distributions to ${formatPrice(total)}, and has ${formatCount(count, "member", "members")}: ` +
        `${heaviest.map(({ ticker, after }) => `${ticker} ${formatHit(after)}`).join(", ")}${heaviest.length < count ? ", …" : ""}.` +
        `${turnover === null ? "" : ` ${formatHit(turnover)} of it is turned over a year.`}`,
    ),
    levelsPicture(
      name,
      items.map(({ day }) => day),
      items.map(({ value }) => value),
    ),
    notes.length > 0 &&
      h(
        "ul",
        { class: "index-notes small soft" },
        notes.map((note) => h("li", {}, note)),
      ),
  ];
}

/**
 * Make the form work; returns a function that opens it for what there is to change of an index.
 * @param {(reference: string) => string} nameOf - of a portfolio, by its id
 * @param {(made: any) => void} onMade - told of an index that was made or changed
 */
export async function prepareForm(nameOf, onMade) {
  /** What is changed, and what its rules were in the form; null while an index is made. @type {{index: any, before: Record<string, any>} | null} */
  let edited = null;
  const form = /** @type {HTMLFormElement} */ (byId("index-form"));
  const preview = byId("preview");
  const strategies = /** @type {[string, string][]} */ (await namedStrategies().catch(() => ONLY_BALANCED));
  const weighting = weightingInputs(strategies);
  fill(byId("index-weighting"), weighting.element);
  options("index-rebalance", REBALANCES, "monthly");
  options("index-screen-strategy", strategies, "balanced");
  const make = /** @type {HTMLDetailsElement} */ (byId("make"));
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  /** @param {HTMLButtonElement} button @param {(body: Record<string, any>) => Promise<any>} ask */
  const send = async (button, ask) => {
    button.disabled = true;
    try {
      const body = rules(weighting);
      complain("");
      return await ask(body);
    } catch (error) {
      const id = CONTROLS[error.errors?.[0]?.field?.split(".")[0]];
      complain(error.words ?? error.message, error.control ?? (id ? control(id) : null));
      return null;
    } finally {
      button.disabled = false;
    }
  };
  const look = /** @type {HTMLButtonElement} */ (byId("index-preview"));
  look.addEventListener("click", async () => {
    const found = await send(look, (body) => api.post("/indexes/preview", body));
    fill(preview, found && shown(found, nameOf));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = control("index-name").value.trim();
    if (!name) return complain("Give it a name.", control("index-name"));
    const former = edited;
    const made = await send(submit, (body) => (former ? change(former, name, body) : api.post("/indexes", { ...body, name })));
    if (!made) return;
    leave();
    notify(former ? `${made.name} is changed. New rules hold from the next rebalancing on.` : `${made.name} is made, from ${formatDay(made.first_day)} on.`);
    await onMade(made);
  });
  const dress = () => {
    fill(byId("make-title"), edited ? `Change ${edited.index.name}` : "Make an index");
    fill(submit, edited ? "Change it" : "Make it");
    byId("index-leave").hidden = !edited;
    for (const id of ["index-start", "index-currency", "index-base"]) /** @type {HTMLElement} */ (control(id).parentElement).hidden = edited !== null;
  };
  const leave = () => {
    edited = null;
    form.reset();
    weighting.reset();
    complain("");
    fill(preview);
    make.open = false;
    dress();
  };
  byId("index-leave").addEventListener("click", leave);
  await offerUniverses(byId("index-universe"));
  return (index) => {
    leave();
    present(index, weighting);
    edited = { index, before: rules(weighting) };
    dress();
    make.open = true;
    control("index-name").focus();
  };
}

/** Send what was changed. What was not is left out: shares that are told again would be those of today. */
function change({ index, before }, name, body) {
  const fields = Object.entries(body).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field]));
  return api.patch(`/indexes/${index.id}`, { ...Object.fromEntries(fields), name, version: index.version });
}
