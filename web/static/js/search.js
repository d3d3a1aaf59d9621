// The search of every page: tickers by their start, companies by a part of their name. A combobox with a list, as the ARIA practices describe it.

import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { isTicker, tickerAddress } from "./tickers.js";

const PAUSE_MILLISECONDS = 150; // after the last key, before the service is asked
const LONGER_MILLISECONDS = 700; // before a provider is asked, which takes a call of its budget
const ASKED = 50; // they come by ticker, so that those that fit best have to be picked from more than are shown
const SHOWN = 8;
const NEVER = "9999-12-31"; // from this day on no ticker has prices: only whether there is one is asked

/** How well an item fits what was typed; less is better. */
function rank({ ticker, name }, typed) {
  if (ticker === typed) return 0;
  const words = (name ?? "").toUpperCase();
  if (ticker.startsWith(typed)) return 1;
  if (words.startsWith(typed)) return 2;
  return words.includes(` ${typed}`) ? 3 : 4;
}

/** How many fit, and how many of them are shown. */
function howMany(shown, found) {
  if (shown < found) return `The best ${shown} of ${found === ASKED ? `${ASKED} or more` : found}`;
  return shown === 1 ? "1 ticker" : `${shown} tickers`;
}

export function wireSearch() {
  /** @type {HTMLFormElement | null} */
  const form = document.querySelector("#ticker-search");
  if (!form) return;
  /** @type {HTMLInputElement} */
  const field = byId("ticker-search-field");
  const popup = byId("ticker-search-popup");
  const list = byId("ticker-suggestions");
  const note = byId("ticker-search-note");
  /** @type {any[]} */
  let items = [];
  let active = -1;
  let seen = ""; // what the items are for
  /** @type {Promise<void>} */
  let looking = Promise.resolve();
  /** @type {AbortController | null} */
  let abort = null;
  /** @type {number | undefined} */
  let timer;

  const typed = () => field.value.trim().toUpperCase();
  const go = (ticker) => location.assign(tickerAddress(ticker));

  function open(isOpen) {
    popup.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen && items.length > 0));
    if (!isOpen) point(-1);
  }

  /** @param {number} at */
  function point(at) {
    active = at;
    for (const [number, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(number === at));
    if (at < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function show(found, words) {
    const same =
      !found.length &&
      !items.length &&
      note.textContent ===
        [words]
          .flat()
          .map((each) => each.textContent ?? each)
          .join("");
    if (same) return open(true); // whoever has gone on to a link of it stays there
    items = found;
    fill(
      list,
      found.map(({ ticker, name, exchange, stored }, at) =>
        h(
          "li",
          { role: "option", id: `ticker-suggestion-${at}`, "aria-selected": "false", onclick: () => go(ticker) },
          h("strong", {}, ticker),
          " ",
          h("span", { class: "soft small" }, [name, exchange, !stored && "not stored yet"].filter(Boolean).join(" · ")),
        ),
      ),
    );
    list.hidden = !found.length;
    fill(note, words);
    open(true);
  }

  /** What can be done about a text that nothing fits. A provider may have prices of a ticker though it names none: not every one can be searched. */
  async function nothing(text) {
    const none = h("span", {}, `No ticker begins with “${text}”, and no name has it. `);
    const upload = h("a", { href: "/prices" }, isTicker(text) ? `Upload prices for ${text}` : "Upload prices");
    if (!isTicker(text)) return [none, upload];
    const { hasProvider } = await import("./providers.js");
    if (!(await hasProvider())) return [none, h("span", {}, "No provider of prices is configured. "), upload];
    return [none, h("a", { class: "fetch", href: tickerAddress(text) }, `Fetch prices for ${text}`), h("span", {}, " or "), upload];
  }

  /** Ask the service what fits; what was asked before is dropped. */
  function look() {
    clearTimeout(timer);
    const text = typed();
    if (text === seen) return looking;
    seen = text;
    abort?.abort();
    if (!text) {
      items = [];
      open(false);
      return looking;
    }
    abort = new AbortController();
    looking = ask(text, abort.signal);
    return looking;
  }

  async function ask(text, signal, further = false) {
    try {
      const { items: found } = await api.get("/tickers", { q: text, limit: ASKED, ask: further }, { signal });
      if (text !== typed()) return;
      const best = found.sort((one, other) => rank(one, text) - rank(other, text)).slice(0, SHOWN);
      const words = best.length ? howMany(best.length, found.length) : await nothing(text);
      if (text !== typed()) return;
      show(best, words);
      if (!further && !found.some((item) => item.stored)) timer = setTimeout(() => askFurther(text), LONGER_MILLISECONDS);
    } catch (error) {
      if (error.name === "AbortError") return;
      seen = "";
      show([], error.words ?? error.message);
    }
  }

  /** Ask for what is not stored, too. */
  function askFurther(text) {
    clearTimeout(timer);
    abort = new AbortController();
    looking = ask(text, abort.signal, true);
    return looking;
  }

  /** Whether there is such a ticker, however many others fit, too. */
  async function exists(ticker) {
    if (!isTicker(ticker)) return false;
    if (items.some((item) => item.ticker === ticker)) return true;
    if (items.length < SHOWN) return false; // all that fit are here
    try {
      await api.get(`/prices/${encodeURIComponent(ticker)}`, { start: NEVER });
      return true;
    } catch (error) {
      if (error.status === 404) return false;
      throw error;
    }
  }

  async function choose() {
    if (active >= 0) return go(items[active].ticker);
    const text = typed();
    if (!text) return;
    await look();
    if (text === typed() && !items.length) await askFurther(text);
    if (text !== typed()) return;
    try {
      if (await exists(text)) return go(text);
    } catch (error) {
      return show([], error.words ?? error.message);
    }
    if (items.length === 1) return go(items[0].ticker);
    if (items.length) {
      open(true);
      point(0); // several fit: the next Enter takes the one that is marked
    } else {
      /** @type {HTMLElement | null} */
      const fetching = note.querySelector(".fetch");
      fetching?.focus(); // the next Enter has it fetched
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    point(-1);
    timer = setTimeout(look, PAUSE_MILLISECONDS);
  });
  field.addEventListener("focus", () => items.length && typed() === seen && open(true));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (popup.hidden) field.value = seen = "";
      open(false);
      event.preventDefault();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && items.length) {
      event.preventDefault();
      if (popup.hidden) open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      point(active < 0 && step < 0 ? items.length - 1 : (active + step + items.length) % items.length);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose();
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(/** @type {Node | null} */ (event.relatedTarget))) open(false);
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field, so that the list does not close before the click
}
