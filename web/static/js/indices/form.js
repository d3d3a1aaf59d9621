// The form that makes an index, with a preview of what it would be.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatHit } from "../evidence/figures.js";
import { formatCount, formatDay, formatPrice } from "../format.js";
import { namedStrategies } from "../strategies.js";
import { isTicker, tickersIn } from "../tickers.js";
import { offerUniverses } from "../universes.js";
import { levelsPicture } from "./levels.js";
import { byTicker, FormFault, weightingInputs } from "./weighting.js";
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
 * @param {(reference: string) => string} nameOf - of a portfolio, by its id
 * @param {(made: any) => void} onMade - told of an index that was made
 */
export async function prepareForm(nameOf, onMade) {
  const form = /** @type {HTMLFormElement} */ (byId("index-form"));
  const preview = byId("preview");
  const strategies = /** @type {[string, string][]} */ (await namedStrategies().catch(() => ONLY_BALANCED));
  const weighting = weightingInputs(strategies);
  fill(byId("index-weighting"), weighting.element);
  options("index-rebalance", REBALANCES, "monthly");
  options("index-screen-strategy", strategies, "balanced");
  const send = async (button, path, more) => {
    button.disabled = true;
    try {
      const body = rules(weighting);
      complain("");
      return await api.post(path, { ...body, ...more });
    } catch (error) {
      const id = CONTROLS[error.errors?.[0]?.field?.split(".")[0]];
      complain(error.words ?? error.message, error.control ?? (id ? control(id) : null));
      return null;
    } finally {
      button.disabled = false;
    }
  };
  byId("index-preview").addEventListener("click", async (event) => {
    const found = await send(event.currentTarget, "/indexes/preview", {});
    fill(preview, found && shown(found, nameOf));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = control("index-name").value.trim();
    if (!name) return complain("Give it a name.", control("index-name"));
    const made = await send(form.querySelector("button[type=submit]"), "/indexes", { name });
    if (!made) return;
    form.reset();
    weighting.reset();
    fill(preview);
    /** @type {HTMLDetailsElement} */ (byId("make")).open = false;
    notify(`${made.name} is made, from ${formatDay(made.first_day)} on.`);
    await onMade(made);
  });
  await offerUniverses(byId("index-universe"));
}
