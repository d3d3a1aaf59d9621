// The form in which the notes of a followed ticker are edited. What was typed stays when saving fails.

import { fill, h } from "./dom.js";
import { DEFAULT_LIST } from "./lists.js";
import { storeNotes } from "./watchlist.js";

const MOST = 2000; // characters, as the service takes them

/**
 * A form for the notes of a list's item. `close()` is called when it is to be taken away, `stored(notes)` after each change.
 * @param {{ticker: string, notes: string | null}} item
 * @param {{close: () => void, stored: (notes: string | null) => void}} on
 */
export function notesForm(item, { close, stored }, list = DEFAULT_LIST) {
  const { ticker } = item;
  const notes = item.notes ?? "";
  const id = `notes-of-${ticker}`;
  const problem = h("p", { class: "field-problem", role: "alert", id: `${id}-problem` });
  const text = h("textarea", { id, rows: "4", maxlength: String(MOST), "aria-describedby": `${id}-hint ${id}-problem` });
  text.value = notes;
  const save = h("button", { type: "submit", class: "primary small" }, "Save");
  const cancel = h("button", { type: "button", class: "small", onclick: () => close() }, "Cancel");
  const submit = async (event) => {
    event?.preventDefault();
    if (save.disabled) return;
    save.disabled = true;
    fill(problem);
    try {
      await storeNotes(item, text.value.trim() === "" ? null : text.value, stored, list);
      close();
    } catch (error) {
      fill(problem, `Not saved; your text is still here. ${error.words ?? error.message}`);
    } finally {
      save.disabled = false;
    }
  };
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
    if (event.key === "Escape") leave();
  });
  const isChanged = () => text.value !== notes;
  /** Escape closes what was not changed; what was changed asks for the button, so that no key loses it. */
  const leave = () => {
    if (isChanged()) cancel.focus();
    else close();
  };
  const element = h(
    "form",
    { class: "notes-editor", novalidate: true, onsubmit: submit },
    h("label", { for: id }, `Notes of ${ticker}`),
    text,
    h("div", { class: "row" }, save, cancel, h("span", { class: "small soft", id: `${id}-hint` }, "Ctrl+Enter saves.")),
    problem,
  );
  /** To the end of the text. */
  const focus = () => {
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  };
  return { element, isChanged, focus };
}
