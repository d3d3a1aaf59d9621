// The lists that a ticker is on, in a dialog: it is put on some and taken off others at once.

import { api } from "./api.js";
import { fill, h, notify } from "./dom.js";
import { itemsPath, LONGEST_NAME, readItems, readLists, titleOf } from "./lists.js";
import { offerUndo } from "./undo.js";
import { placeOf, putBack, unfollow } from "./watchlist.js";

let asked = 0;

/**
 * Ask which lists a ticker is to be on, and see to it. Resolves to whether anything was changed.
 * @param {string} ticker
 * @param {{name?: string | null, notes?: string | null}} [like] - what it is called and noted with on a new list
 * @param {() => any} [onUndone]
 */
export async function chooseLists(ticker, like = {}, onUndone = () => {}) {
  let lists;
  try {
    lists = await readLists(ticker);
  } catch (error) {
    notify(`The lists could not be read. ${error.words ?? error.message}`, { problem: true });
    return false;
  }
  const undo = await show(ticker, lists, like);
  if (!undo) return false;
  offerUndo(undo.words, async () => {
    try {
      for (const step of undo.steps) await step();
      notify(`${ticker} is on its lists as before.`);
    } catch (error) {
      notify(`Not everything could be undone. ${error.words ?? error.message}`, { problem: true });
    }
    await onUndone();
  });
  return true;
}

/** @typedef {{words: string, steps: (() => Promise<any>)[]}} Undo */

/** Show the dialog; resolves to what undoes the change, or to null when nothing was changed. @returns {Promise<Undo | null>} */
function show(ticker, lists, like) {
  asked += 1;
  const id = `lists-${asked}`;
  const boxes = lists.map((list) => h("input", { type: "checkbox", value: list.id, checked: list.has_ticker }));
  const text = h("input", { id: `${id}-new`, maxlength: String(LONGEST_NAME), autocomplete: "off", "aria-describedby": `${id}-problem` });
  const problem = h("p", { class: "field-problem", role: "alert", id: `${id}-problem` });
  const save = h("button", { type: "submit", class: "primary" }, "Save");
  const form = h(
    "form",
    { class: "stack" },
    h("h2", { id: `${id}-title` }, `Lists of ${ticker}`),
    h(
      "fieldset",
      { class: "list-choice" },
      h("legend", { class: "visually-hidden" }, `${ticker} is on`),
      lists.map((list, at) => h("label", {}, boxes[at], h("span", {}, list.name))),
    ),
    h("div", { class: "field" }, h("label", { for: text.id }, "And on a new list (optional)"), text),
    problem,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Leave it"), save),
  );
  const dialog = h("dialog", { class: "ask", "aria-labelledby": `${id}-title` }, form);
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {(() => Promise<any>)[]} */
    const steps = []; // what was done already stays done, and can be undone, when a later step fails
    /** @type {Undo | null} */
    let undo = null;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      save.disabled = true;
      fill(problem);
      try {
        const chosen = lists.filter((_, at) => boxes[at].checked);
        const name = text.value.trim();
        if (name) {
          const made = await api.post("/watchlists", { name });
          steps.unshift(() => api.delete(`/watchlists/${made.id}`));
          lists.push(made);
          boxes.push(h("input", { type: "checkbox", value: made.id, checked: true }));
          chosen.push(made);
          text.value = "";
        }
        for (const list of lists) await settle(ticker, list, chosen.includes(list), like, steps);
        if (steps.length) undo = { words: chosen.length ? `${ticker} is on ${chosen.map(titleOf).join(", ")}.` : `${ticker} is on no list.`, steps };
        dialog.close();
      } catch (error) {
        fill(problem, error.words ?? error.message);
      } finally {
        save.disabled = false;
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.();
      resolve(undo ?? (steps.length ? { words: `The lists of ${ticker} were changed in part.`, steps } : null));
    });
    dialog.showModal();
    boxes[0].focus();
  });
}

/** Put a ticker on a list, or take it off, unless it is so already. What undoes that is put before the `steps`. */
async function settle(ticker, list, isWanted, { name, notes }, steps) {
  if (Boolean(list.has_ticker) === isWanted) return;
  if (isWanted) {
    try {
      await api.post(itemsPath(list), { ticker, name, notes });
      steps.unshift(() => unfollow(ticker, list));
    } catch (error) {
      if (error.status !== 409) throw error; // somebody else has put it there
    }
  } else {
    const items = await readItems(list);
    const item = items.find((one) => one.ticker === ticker);
    await unfollow(ticker, list);
    if (item) steps.unshift(() => putBack(item, placeOf(item, items), list));
  }
  list.has_ticker = isWanted;
}
