// The form that makes an index, with a preview of what it would be.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatHit } from "../evidence/figures.js";
import { problemOf } from "../form-problem.js";
import { formatCount, formatDay, formatPrice } from "../format.js";
import { isTicker, tickersIn } from "../tickers.js";
import { levelsPicture } from "./levels.js";
import { METHODS, REBALANCES, rulesInWords } from "./words.js";

const tell = problemOf("index-problem", {
  name: "index-name",
  members: "index-tickers",
  tickers: "index-tickers",
  universe: "index-universe",
  single_cap: "index-cap",
  start: "index-start",
  currency: "index-currency",
  weighting: "index-method",
});
const control = (id) => /** @type {HTMLInputElement} */ (byId(id));
const options = (id, entries, chosen) =>
  fill(
    byId(id),
    entries.map(([value, name]) => h("option", { value, selected: value === chosen }, name)),
  );

/** The rules as the form says them; null, and a problem told, where something is wrong. */
function rules() {
  const tickers = tickersIn(control("index-tickers").value).map((ticker) => ticker.toUpperCase());
  const wrong = tickers.find((ticker) => !isTicker(ticker));
  const cap = control("index-cap");
  const currency = control("index-currency").value.trim();
  if (wrong) return tell(`${wrong} is no ticker. Separate them by spaces or commas.`, "tickers");
  if (!cap.validity.valid || cap.value === "0") return tell("The cap is a percentage, above 0 and up to 100, or nothing.", "single_cap");
  if (!control("index-start").validity.valid) return tell("From is a whole date, or nothing for the earliest.", "start");
  if (currency && !/^[A-Za-z]{3}$/.test(currency)) return tell("A currency has three letters, such as USD, or nothing.", "currency");
  tell("");
  return {
    members: tickers.length ? { tickers } : { universe: control("index-universe").value },
    weighting: { method: control("index-method").value },
    rebalance: control("index-rebalance").value,
    single_cap: cap.value ? Number(cap.value) / 100 : null,
    start: control("index-start").value || null,
    currency: currency || null,
  };
}

function shown(preview) {
  const { items, first_day: first, last_day: last, level, total_level: total, members, turnover_per_year: turnover, notes, latest } = preview;
  const name = control("index-name").value.trim() || "the index";
  const heaviest = [...latest.positions].sort((one, other) => other.after - one.after).slice(0, 5);
  return [
    h("h3", {}, "As it would be"),
    h("p", {}, rulesInWords(preview.rules)),
    h(
      "p",
      {},
      `From ${formatDay(first)} to ${formatDay(last)} it went to ${formatPrice(level)}, with distributions to ${formatPrice(total)}, and has ${formatCount(members, "member", "members")}: ` +
        `${heaviest.map(({ ticker, after }) => `${ticker} ${formatHit(after)}`).join(", ")}${heaviest.length < members ? ", …" : ""}.` +
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

/** @param {(made: any) => any} onMade - told of an index that was made */
export async function prepareForm(onMade) {
  const form = /** @type {HTMLFormElement} */ (byId("index-form"));
  const preview = byId("preview");
  options("index-method", METHODS, "equal");
  options("index-rebalance", REBALANCES, "monthly");
  options("index-universe", [["watchlist", "The watchlist"]], "watchlist");
  const send = async (button, path, more) => {
    const body = rules();
    if (!body) return null;
    button.disabled = true;
    try {
      return await api.post(path, { ...body, ...more });
    } catch (error) {
      tell(error.words ?? error.message, error.errors?.[0]?.field ?? "");
      return null;
    } finally {
      button.disabled = false;
    }
  };
  byId("index-preview").addEventListener("click", async (event) => {
    const found = await send(event.currentTarget, "/indexes/preview", {});
    fill(preview, found && shown(found));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = control("index-name").value.trim();
    if (!name) return tell("Give it a name.", "name");
    const made = await send(form.querySelector("button[type=submit]"), "/indexes", { name });
    if (!made) return;
    form.reset();
    fill(preview);
    /** @type {HTMLDetailsElement} */ (byId("make")).open = false;
    notify(`${made.name} is made, from ${formatDay(made.first_day)} on.`);
    await onMade(made);
  });
  const { items } = await api.get("/universes");
  const names = items.map(({ name, tickers }) => [name, `${name === "all" ? "every ticker with prices" : name} (${tickers})`]);
  options("index-universe", names, "all");
}
