// Adding a ticker to the watchlist, with suggestions of what there are prices for.

import { api } from "../api.js";
import { byId, fill, h } from "../dom.js";

const TICKER = /^[A-Za-z0-9^][A-Za-z0-9.&^=_-]{0,19}$/;
const SUGGESTED = 12;
const PAUSE_MILLISECONDS = 150;

/** Make the form work; `onAdded(ticker)` is called once the ticker is on the watchlist. */
export function wireAddForm(onAdded) {
  /** @type {HTMLFormElement} */
  const form = byId("add");
  /** @type {HTMLInputElement} */
  const field = byId("add-ticker");
  /** @type {HTMLInputElement} */
  const notesField = byId("add-notes");
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));

  const complain = (control, text) => {
    fill(byId("add-problem"), text);
    for (const each of [field, notesField]) each.toggleAttribute("aria-invalid", false);
    if (!text) return;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", "add-problem");
    control.focus();
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const ticker = field.value.trim().toUpperCase();
    const notes = notesField.value.trim() || null;
    if (!TICKER.test(ticker)) {
      complain(field, ticker ? "A ticker has up to 20 letters, digits and . & ^ = _ -, such as AAPL or ^GSPC." : "Type a ticker, such as AAPL.");
      return;
    }
    submit.disabled = true;
    try {
      await api.post("/watchlist", { ticker, notes });
      form.reset();
      complain(field, "");
      field.focus();
    } catch (error) {
      const isNotes = error.errors?.length && error.errors.every((entry) => entry.field === "notes");
      complain(isNotes ? notesField : field, error.words ?? error.message);
      return;
    } finally {
      submit.disabled = false;
    }
    onAdded(ticker);
  });
  field.addEventListener("input", () => complain(field, ""));
  wireSuggestions(field);
}

function wireSuggestions(field) {
  /** @type {number | undefined} */
  let timer;
  /** @type {AbortController | undefined} */
  let asking;
  const suggest = async () => {
    asking?.abort();
    const q = field.value.trim();
    if (!q) return fill(byId("add-suggestions"));
    asking = new AbortController();
    try {
      const { items } = await api.get("/tickers", { q, limit: SUGGESTED }, { signal: asking.signal });
      fill(
        byId("add-suggestions"),
        items.map(({ ticker, name }) => h("option", { value: ticker }, name ?? "")),
      );
    } catch {
      // Suggestions are a help only: without them a ticker is typed in full, and adding it says what is wrong.
      fill(byId("add-suggestions"));
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, PAUSE_MILLISECONDS);
  });
}
