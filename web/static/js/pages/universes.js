// Universes: which there are, what is in them, and storing, deleting and analysing one.

import { api } from "../api.js";
import { runBulk, runJob } from "../bulk-run.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatMoment, formatWhole } from "../format.js";
import { hasProvider } from "../providers.js";
import { show } from "../states.js";
import { knowStrategies } from "../strategies.js";
import { isTicker, tickerAddress, tickersIn } from "../tickers.js";

const BUILT_IN = new Map([
  ["all", "Every ticker with prices"],
  ["watchlist", "The tickers of the watchlist"],
]);
const SHOWN = 200; // tickers of a universe at a time

const page = byId("page");
const progress = h("div", { id: "bulk" });
const detail = h("div", { id: "members" });

function draw() {
  const build = async () => {
    const [{ items }, canRefresh] = await Promise.all([api.get("/universes"), hasProvider()]);
    return [table(items, canRefresh), progress, detail];
  };
  return show(page, build, "Looking for universes …");
}

/** @param {any[]} items @param {boolean} canRefresh - whether a provider of prices is asked */
function table(items, canRefresh) {
  const heads = [["Name"], ["Tickers", "number"], ["Last stored", "hide-on-phone"], [""]];
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      { class: "universes-table" },
      h("caption", { class: "visually-hidden" }, "Universes"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map(([name, kind]) => (name ? h("th", { scope: "col", class: kind }, name) : h("td"))),
        ),
      ),
      h(
        "tbody",
        {},
        items.map((universe) => row(universe, canRefresh)),
      ),
    ),
  );
}

function row(universe, canRefresh) {
  const { name, tickers, built_in: isBuiltIn, updated_at: stored } = universe;
  return h(
    "tr",
    { dataset: { universe: name } },
    h("th", { scope: "row" }, name, isBuiltIn && h("div", { class: "small soft" }, BUILT_IN.get(name) ?? "Built in")),
    h("td", { class: "number" }, formatWhole(tickers)),
    h("td", { class: "hide-on-phone" }, stored ? h("time", { datetime: stored }, formatMoment(stored)) : ""),
    h(
      "td",
      {},
      h(
        "div",
        { class: "commands-cell" },
        h("button", { type: "button", "aria-label": `Analyse ${name}`, disabled: tickers === 0, onclick: (event) => analyse(name, event.currentTarget) }, "Analyse"),
        canRefresh && h("button", { type: "button", "aria-label": `Refresh the prices of ${name}`, disabled: tickers === 0, onclick: (event) => refresh(name, event.currentTarget) }, "Refresh prices"),
        h("a", { class: "button", href: `/screener?universe=${encodeURIComponent(name)}`, "aria-label": `Screen ${name}` }, "Screen"),
        h("button", { type: "button", "aria-label": `Tickers of ${name}`, onclick: () => look(name) }, "Tickers"),
        !isBuiltIn && h("button", { type: "button", "aria-label": `Replace ${name}`, onclick: () => replace(name) }, "Replace"),
        !isBuiltIn && h("button", { type: "button", class: "danger", "aria-label": `Delete ${name}`, onclick: () => remove(universe) }, "Delete"),
      ),
    ),
  );
}

async function analyse(name, button) {
  button.disabled = true;
  await knowStrategies(); // the job is told by their names
  await runBulk(progress, { universe: name });
  button.disabled = false;
}

async function refresh(name, button) {
  button.disabled = true;
  await runJob(progress, "/refresh", { universe: name });
  button.disabled = false;
}

function look(name) {
  const section = h("section", { class: "card", "aria-labelledby": "members-title" });
  fill(detail, section);
  return show(section, async () => {
    const list = h("ul", { class: "members" });
    const more = h("div", { class: "row" });
    const add = ({ items, next_cursor: cursor }) => {
      list.append(...items.map(member));
      fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show more"));
    };
    const next = async (cursor, button) => {
      button.disabled = true;
      try {
        add(await api.get(`/universes/${name}`, { limit: SHOWN, cursor }));
      } catch (error) {
        button.disabled = false;
        notify(`The next tickers did not come. ${error.words ?? error.message}`, { problem: true });
      }
    };
    const first = await api.get(`/universes/${name}`, { limit: SHOWN });
    add(first);
    const counts = `${formatWhole(first.tickers)} tickers, ${formatWhole(first.stored)} with stored prices.`;
    return [h("h2", { id: "members-title" }, `Tickers of ${name}`), h("p", { class: "soft small" }, counts), list, more];
  });
}

function member({ ticker, name, sector, stored }) {
  const told = [name, sector, !stored && "no prices yet"].filter(Boolean).join(" · ");
  return h("li", {}, h("a", { href: tickerAddress(ticker) }, ticker), " ", h("span", { class: "small soft" }, told));
}

async function remove({ name, tickers }) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("delete-dialog");
  fill(byId("delete-what"), `${name} has ${formatWhole(tickers)} tickers. Their prices and results stay.`);
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "delete") return;
  try {
    await api.delete(`/universes/${name}`);
    notify(`${name} is deleted.`);
  } catch (error) {
    notify(`${name} was not deleted. ${error.words ?? error.message}`, { problem: true });
  }
  fill(detail);
  await draw();
}

// ---- the form -------------------------------------------------------------------------------------------------------------------

/** @type {HTMLFormElement} */
const form = byId("universe-form");
/** @type {HTMLInputElement} */
const nameField = byId("universe-name");
/** @type {HTMLInputElement} */
const fileField = byId("universe-file");
/** @type {HTMLTextAreaElement} */
const textField = byId("universe-text");

function replace(name) {
  nameField.value = name;
  complain("");
  fileField.focus();
}

/** @type {(text: string, control?: HTMLElement | null) => void} */
function complain(text, control = null) {
  for (const each of [nameField, fileField, textField]) each.removeAttribute("aria-invalid");
  fill(byId("universe-problem"), text);
  if (!control) return;
  control.setAttribute("aria-invalid", "true");
  control.focus();
}

/** What was typed as a table: tickers alone get a header, so that lines stay lines. */
function asTable(text) {
  const words = tickersIn(text);
  return words.length && words.every(isTicker) && !/\b(ticker|symbol)\b/i.test(text) ? `Ticker\n${words.join("\n")}\n` : text;
}

form.addEventListener("input", () => complain(""));
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = nameField.value.trim();
  const file = fileField.files?.[0];
  const text = textField.value;
  if (!/^[a-z0-9_-]{1,40}$/.test(name)) return complain("Give it a name of small letters, digits, - and _, such as sp500.", nameField);
  if (!file && !text.trim()) return complain("Choose a file, or type tickers.", fileField);
  if (file && text.trim()) return complain("Choose a file or type tickers, not both.", textField);
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  button.disabled = true;
  try {
    const stored = await api.put(`/universes/${name}`, undefined, { body: file ?? asTable(text), type: "text/csv" });
    form.reset();
    complain("");
    notify(`${name} has ${formatWhole(stored.tickers)} tickers, ${formatWhole(stored.stored)} of them with stored prices.`);
    fill(detail);
    await draw();
  } catch (error) {
    complain(error.words ?? error.message, error.status === 422 ? (file ? fileField : textField) : null);
  } finally {
    button.disabled = false;
  }
});

draw();
