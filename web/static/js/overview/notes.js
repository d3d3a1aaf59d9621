// Editing the notes of a ticker, in a row of its own below the ticker's: it stays while the list is ordered anew, and when saving fails.

import { api } from "../api.js";
import { fill, h, notify } from "../dom.js";

const MOST = 2000; // characters, as the service takes them

export class NotesEditors {
  /** @type {Map<string, {row: HTMLTableRowElement, text: HTMLTextAreaElement, close: () => void}>} */
  #open = new Map();
  #columns;
  #on;

  /** `on.saved(ticker, notes)` after a save; `on.closed(ticker, hadFocus)` once an editor is to be taken away; `on.opened(ticker)` to have it placed. */
  constructor(columns, on) {
    this.#columns = columns;
    this.#on = on;
  }

  /** The row of a ticker's editor, where it is open. */
  rowOf(ticker) {
    return this.#open.get(ticker)?.row;
  }

  get isAnyOpen() {
    return this.#open.size > 0;
  }

  /** Open a ticker's editor, or go to the open one. */
  edit({ ticker, notes }) {
    if (!this.#open.has(ticker)) this.#open.set(ticker, this.#build(ticker, notes ?? ""));
    this.#on.opened(ticker);
    const text = this.#open.get(ticker)?.text;
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
  }

  #build(ticker, notes) {
    const id = `notes-of-${ticker}`;
    const problem = h("p", { class: "field-problem", role: "alert", id: `${id}-problem` });
    const text = h("textarea", { id, rows: "4", maxlength: String(MOST), "aria-describedby": `${id}-hint ${id}-problem` });
    text.value = notes;
    const save = h("button", { type: "submit", class: "primary small" }, "Save");
    const cancel = h("button", { type: "button", class: "small", onclick: () => close() }, "Cancel");
    const close = () => {
      const hadFocus = row.contains(document.activeElement) || document.activeElement === document.body;
      this.#open.delete(ticker);
      this.#on.closed(ticker, hadFocus);
    };
    const submit = async (event) => {
      event?.preventDefault();
      if (save.disabled) return;
      const wanted = text.value.trim() === "" ? null : text.value;
      save.disabled = true;
      fill(problem);
      try {
        await api.patch(`/watchlist/${encodeURIComponent(ticker)}`, { notes: wanted });
      } catch (error) {
        fill(problem, `Not saved; your text is still here. ${error.words ?? error.message}`);
        return;
      } finally {
        save.disabled = false;
      }
      close();
      this.#on.saved(ticker, wanted);
      notify(wanted === null ? `${ticker} has no notes now.` : `Notes of ${ticker} saved.`);
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
      if (event.key === "Escape") leave();
    });
    /** Escape closes what was not changed; what was changed asks for the button, so that no key loses it. */
    const leave = () => {
      if (text.value === notes) close();
      else cancel.focus();
    };
    const form = h(
      "form",
      { class: "notes-editor", novalidate: true, onsubmit: submit },
      h("label", { for: id }, `Notes of ${ticker}`),
      text,
      h("div", { class: "row" }, save, cancel, h("span", { class: "small soft", id: `${id}-hint` }, "Ctrl+Enter saves.")),
      problem,
    );
    const row = h("tr", { role: "row", class: "editor-row", dataset: { editor: ticker } }, h("td", { role: "cell", colspan: String(this.#columns), class: "all-cell" }, form));
    return { row, text, close };
  }
}
