// Suggestions for a ticker field, from what is stored.

import { api } from "./api.js";
import { fill, h } from "./dom.js";

const TYPING_MILLISECONDS = 200;
const SHOWN = 20;

/** A list of suggestions for a text field, which is asked for as somebody types; `others` are offered before tickers. Put it into the page beside the field. @param {() => string[]} others */
export function suggestionsFor(input, others = () => []) {
  const list = h("datalist", { id: `${input.id}-suggestions` });
  /** @type {number | undefined} */
  let timer;
  input.setAttribute("list", list.id);
  const matching = (typed) => others().filter((name) => name.toLowerCase().includes(typed.toLowerCase()));
  const ask = async () => {
    const typed = input.value.trim();
    try {
      const { items } = await api.get("/tickers", { q: typed, limit: SHOWN, stored: true });
      if (typed === input.value.trim())
        fill(
          list,
          matching(typed).map((name) => h("option", { value: name })),
          items.map((item) => h("option", { value: item.ticker }, item.name ?? "")),
        );
    } catch {
      fill(
        list, // the field takes any ticker without them
        matching(typed).map((name) => h("option", { value: name })),
      );
    }
  };
  input.addEventListener("focus", () => list.childElementCount === 0 && ask());
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPING_MILLISECONDS);
  });
  return list;
}
