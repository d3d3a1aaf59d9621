// On the watchlist or not, and on which other lists, the way to change it, and the notes of a ticker that is followed.

import { fill, h, notify } from "../dom.js";
import { isDefault, readLists } from "../lists.js";
import { notesForm } from "../notes-form.js";
import { follow, offerPutBack, readWatchlist, unfollow } from "../watchlist.js";

export class Watching {
  #ticker;
  /** @type {any} - of the watchlist; null while it is not followed, or not known */
  #item = null;
  /** @type {ReturnType<typeof notesForm> | null} */
  #form = null;

  /** `button` follows the ticker or stops that, once it is known which; `lists` offers all lists; `edit` opens its notes, and `notes` holds them. */
  constructor(ticker) {
    this.#ticker = ticker;
    this.button = h("button", { type: "button", id: "watch", disabled: true, "aria-pressed": "false", onclick: () => this.#change() }, "Add to watchlist");
    this.lists = h("button", { type: "button", id: "watch-lists", onclick: () => this.#choose() }, "Lists");
    this.edit = h("button", { type: "button", id: "edit-notes", hidden: true, onclick: () => this.#edit() });
    this.notes = h("div", { class: "ticker-notes", id: "ticker-notes" });
    addEventListener("beforeunload", (event) => {
      if (this.#form?.isChanged()) event.preventDefault();
    });
    this.load();
  }

  /** Learn what the watchlist says of the ticker. Where it says nothing, adding it twice does no harm. */
  async load() {
    try {
      const [items, lists] = await Promise.all([readWatchlist(), readLists(this.#ticker)]);
      this.#take(this.#find(items));
      this.#showLists(lists);
    } catch {
      this.button.disabled = false;
    }
  }

  /** How many lists beside the default one it is on, and which. */
  #showLists(lists) {
    const others = lists.filter((list) => list.has_ticker && !isDefault(list)).map(({ name }) => name);
    this.lists.textContent = others.length === 0 ? "Lists" : others.length === 1 ? "On 1 other list" : `On ${others.length} other lists`;
    this.lists.title = others.join(", ");
  }

  async #choose() {
    const { chooseLists } = await import("../list-choice.js"); // most visits do without
    const isChanged = await chooseLists(this.#ticker, this.#item ?? {}, () => this.load());
    if (isChanged) await this.load();
  }

  #find(items) {
    return items.find(({ ticker }) => ticker === this.#ticker) ?? null;
  }

  #take(item) {
    this.#item = item;
    this.button.disabled = false;
    this.button.setAttribute("aria-pressed", String(item !== null));
    this.button.textContent = item ? "✓ On the watchlist" : "Add to watchlist";
    this.button.title = item ? "Remove it from the watchlist" : "";
    this.#showNotes();
  }

  async #change() {
    this.button.disabled = true;
    try {
      if (this.#item) await this.#remove();
      else {
        await follow(this.#ticker);
        await this.load();
        notify(`${this.#ticker} is on the watchlist.`);
      }
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
    }
    this.button.disabled = false;
  }

  async #remove() {
    // As the list is now: another tab may have changed the notes or the place, which the way back restores.
    const items = await readWatchlist();
    const item = this.#find(items);
    if (item) {
      await unfollow(this.#ticker);
      offerPutBack(item, items, () => this.load());
    }
    this.#take(null);
  }

  /** What was noted, or the form in which it is edited: that one comes back, with what was typed, when the ticker is followed again. */
  #showNotes() {
    const notes = this.#item?.notes;
    this.edit.hidden = this.#item === null || this.#form !== null;
    this.edit.textContent = notes ? "Edit notes" : "Add a note";
    fill(this.notes, this.#item && (this.#form?.element ?? (notes && h("p", {}, h("span", { class: "visually-hidden" }, "Notes: "), notes))));
  }

  #edit() {
    const close = () => {
      const hadFocus = this.notes.contains(document.activeElement) || document.activeElement === document.body;
      this.#form = null;
      this.#showNotes();
      if (hadFocus) this.edit.focus();
    };
    const stored = (notes) => {
      if (this.#item) this.#item.notes = notes;
      this.#showNotes();
    };
    this.#form = notesForm(this.#item, { close, stored });
    this.#showNotes();
    this.#form.focus();
  }
}
