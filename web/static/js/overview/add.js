// Following tickers: one, or several at once, as they are typed or pasted. What has no prices is asked about before it is followed.

import { api } from "../api.js";
import { byId, fill, h } from "../dom.js";
import { batchPath, titleOf } from "../lists.js";
import { hasProvider } from "../providers.js";
import { isTicker, SEPARATORS } from "../tickers.js";

const MOST = 500; // tickers in a request
const SUGGESTED = 12;
const MOST_LOOKED_UP = 3; // tickers without prices that others are suggested for
const PAUSE_MILLISECONDS = 150;

/** What was typed or pasted as tickers: each once, and what can be none. */
export function parseTickers(text) {
  const words = text.split(SEPARATORS).filter(Boolean);
  const good = words.filter(isTicker).map((word) => word.toUpperCase());
  return { tickers: [...new Set(good)], bad: [...new Set(words.filter((word) => !isTicker(word)))], repeated: [...new Set(good.filter((word, at) => good.indexOf(word) !== at))] };
}

const list = (tickers) => (tickers.length < 2 ? tickers.join("") : `${tickers.slice(0, -1).join(", ")} and ${tickers.at(-1)}`);

/** Make the form work; `listNow()` is the list to add to, and `onAdded(tickers)` is called once tickers are on it. */
export function wireAddForm(listNow, onAdded) {
  /** @type {HTMLFormElement} */
  const form = byId("add");
  /** @type {HTMLInputElement} */
  const field = byId("add-ticker");
  /** @type {HTMLInputElement} */
  const notesField = byId("add-notes");
  const question = byId("add-question");
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));

  const complain = (control, text) => {
    fill(byId("add-problem"), text);
    for (const each of [field, notesField]) each.toggleAttribute("aria-invalid", false);
    if (!text) return;
    control.setAttribute("aria-invalid", "true");
    control.focus();
  };

  /**
   * Add tickers; those without prices are asked about, unless they are wanted `anyway`.
   * @param {string[]} tickers
   * @param {{anyway?: boolean, repeated?: string[]}} [how]
   */
  const add = async (tickers, { anyway = false, repeated = [] } = {}) => {
    submit.disabled = true;
    const into = listNow();
    let items;
    try {
      ({ items } = await api.post(batchPath(into), { tickers, notes: notesField.value.trim() || null, without_prices: anyway ? "follow" : "skip" }));
    } catch (error) {
      const isNotes = error.errors?.length && error.errors.every((entry) => entry.field === "notes");
      complain(isNotes ? notesField : field, error.words ?? error.message);
      return;
    } finally {
      submit.disabled = false;
    }
    const of = (outcome) => items.filter((item) => item.outcome === outcome).map(({ ticker }) => ticker);
    const [added, already, missing] = [of("added"), of("already"), of("no_prices")];
    const told = [
      already.length > 0 && `${list(already)} ${already.length === 1 ? "is" : "are"} on ${titleOf(into)} already.`,
      repeated.length > 0 && `${list(repeated)} ${repeated.length === 1 ? "was" : "were"} named more than once.`,
    ];
    fill(byId("add-problem"), told.filter(Boolean).join(" "));
    if (missing.length) await ask(missing);
    else {
      fill(question);
      field.value = "";
      notesField.value = "";
      field.focus();
    }
    if (added.length) await onAdded(added);
  };

  /** Say which tickers have no prices, what others there are, and ask whether to follow them all the same. */
  const ask = async (missing) => {
    field.value = missing.join(", "); // what is still to be decided
    const them = missing.length === 1 ? "it" : "them";
    const isFetched = await hasProvider();
    const words = isFetched ? `Follow ${them} and fetch ${missing.length === 1 ? "its" : "their"} prices` : `Follow ${them} anyway`;
    const yes = h("button", { type: "button", id: "add-anyway", onclick: () => add(missing, { anyway: true }) }, words);
    const no = h("button", { type: "button", class: "quiet", onclick: () => leave() }, missing.length === 1 ? "Do not follow it" : "Do not follow them");
    const others = h("span", { class: "row" });
    const leave = () => {
      fill(question);
      field.value = "";
      field.focus();
    };
    fill(question, h("p", {}, `No prices are stored for ${list(missing)}. ${words}?`), h("div", { class: "row" }, yes, no, others));
    yes.focus();
    const found = await suggestionsFor(missing);
    if (!yes.isConnected || !found.length) return;
    fill(
      others,
      h("span", { class: "small soft" }, "Or follow instead:"),
      found.map(({ ticker, name }) =>
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              field.value = "";
              add([ticker]);
            },
          },
          name ? `${ticker}, ${name}` : ticker,
        ),
      ),
    );
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { tickers, bad, repeated } = parseTickers(field.value);
    if (bad.length)
      complain(
        field,
        `${list(bad.map((word) => `“${word}”`))} ${bad.length === 1 ? "is not a valid ticker" : "are not valid tickers"}: a ticker has up to 20 letters, digits and . & ^ = _ -, such as AAPL or ^GSPC.`,
      );
    else if (!tickers.length) complain(field, "Type a ticker, such as AAPL, or several with blanks or commas between them.");
    else if (tickers.length > MOST) complain(field, `These are ${tickers.length} tickers. Add up to ${MOST} at once.`);
    else add(tickers, { repeated });
  });
  field.addEventListener("input", () => {
    complain(field, "");
    fill(question);
  });
  field.addEventListener("paste", (event) => {
    // A pasted column: a field of one line would run its cells together.
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/[\r\n\t]/.test(text)) return;
    event.preventDefault();
    field.setRangeText(text.trim().split(SEPARATORS).join(", "), field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
    field.dispatchEvent(new Event("input"));
  });
  wireSuggestions(field);
}

async function find(q, limit, signal) {
  const { items } = await api.get("/tickers", { q, limit, stored: true }, { signal });
  return items;
}

/** What there are prices for under similar tickers and names. */
async function suggestionsFor(missing) {
  try {
    const found = await Promise.all(missing.slice(0, MOST_LOOKED_UP).map((ticker) => find(ticker, 2, undefined)));
    return [...new Map(found.flat().map((item) => [item.ticker, item])).values()];
  } catch {
    return []; // a help only
  }
}

/** Suggest tickers for the last word that is typed, by ticker and by name. */
function wireSuggestions(field) {
  /** @type {number | undefined} */
  let timer;
  /** @type {AbortController | undefined} */
  let asking;
  const suggest = async () => {
    asking?.abort();
    const word = field.value.split(SEPARATORS).at(-1);
    const before = field.value.slice(0, field.value.length - word.length);
    if (!word) return fill(byId("add-suggestions"));
    asking = new AbortController();
    try {
      const items = await find(word, SUGGESTED, asking.signal);
      fill(
        byId("add-suggestions"),
        // Browsers offer what contains all that is typed: behind other tickers, the words of a name are to be found with them.
        items.map(({ ticker, name }) => h("option", { value: `${before}${ticker}` }, before && name ? `${field.value.trim()}: ${name}` : (name ?? ""))),
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
