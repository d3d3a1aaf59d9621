// Editing the notes of a ticker, in a row of its own below the ticker's: it stays while the list is ordered anew, and when saving fails.

import { h } from "../dom.js";
import { notesForm } from "../notes-form.js";

export class NotesEditors {
  /** @type {Map<string, {row: HTMLTableRowElement, form: ReturnType<typeof notesForm>}>} */
  #open = new Map();
  #columns;
  #list;
  #on;

  /** The editors of a list. `on.saved(ticker, notes)` after a save; `on.closed(ticker, hadFocus)` once an editor is to be taken away; `on.opened(ticker)` to have it placed. */
  constructor(columns, list, on) {
    this.#list = list;
    this.#columns = columns;
    this.#on = on;
    addEventListener("beforeunload", (event) => {
      if ([...this.#open.values()].some(({ form }) => form.isChanged())) event.preventDefault();
    });
  }

  /** The row of a ticker's editor, where it is open. */
  rowOf(ticker) {
    return this.#open.get(ticker)?.row;
  }

  /** Open a ticker's editor; with `takesFocus`, go to it. */
  edit(item, takesFocus) {
    const { ticker } = item;
    if (!this.#open.has(ticker)) this.#open.set(ticker, this.#build(item));
    this.#on.opened(ticker);
    if (takesFocus) this.#open.get(ticker)?.form.focus();
  }

  #build(item) {
    const { ticker } = item;
    const close = () => {
      const hadFocus = row.contains(document.activeElement) || document.activeElement === document.body;
      this.#open.delete(ticker);
      this.#on.closed(ticker, hadFocus);
    };
    const form = notesForm(item, { close, stored: (notes) => this.#on.saved(ticker, notes) }, this.#list);
    const row = h("tr", { role: "row", class: "editor-row", dataset: { editor: ticker } }, h("td", { role: "cell", colspan: String(this.#columns), class: "all-cell" }, form.element));
    return { row, form };
  }
}
