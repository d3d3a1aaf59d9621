// Saved screens: opened by their name or link, saved, renamed and deleted.

import { api } from "../api.js";
import { copy } from "../copying.js";
import { ask } from "../dialog.js";
import { byId, fill, h, notify } from "../dom.js";
import { offerUndo } from "../undo.js";

const LONGEST_NAME = 60;

/** @typedef {{id: string, name: string, query: Record<string, any>}} Screen */

export class SavedScreens {
  /**
   * @param {object} page
   * @param {() => Record<string, any>} page.query - what is shown now
   * @param {(screen: Screen | null) => void} page.open - show a screen; null for none
   */
  constructor({ query, open }) {
    this.query = query;
    this.open = open;
    /** @type {Screen[]} */
    this.items = [];
    /** @type {Screen | null} */
    this.current = null;
    const select = /** @type {HTMLSelectElement} */ (byId("screen"));
    select.addEventListener("change", () => this.open(this.find(select.value)));
    byId("screen-save").addEventListener("click", () => this.#save());
    byId("screen-update").addEventListener("click", () => this.#update());
    byId("screen-rename").addEventListener("click", () => this.#rename());
    byId("screen-delete").addEventListener("click", () => this.#delete());
    byId("screen-link").addEventListener("click", () => copy(location.href, "The link"));
  }

  /** @param {string | null} id @returns {Screen | null} */
  find(id) {
    return this.items.find((screen) => screen.id === id) ?? null;
  }

  async load() {
    try {
      this.items = (await api.get("/screens")).items;
    } catch (error) {
      notify(`The saved screens could not be listed. ${error.words ?? error.message}`, { problem: true });
    }
  }

  /** Show which screen is open, and whether what is shown is still what was saved. @param {Screen | null} current @param {boolean} isChanged */
  show(current, isChanged) {
    this.current = current;
    const select = /** @type {HTMLSelectElement} */ (byId("screen"));
    fill(
      select,
      h("option", { value: "" }, this.items.length ? "None" : "None saved yet"),
      this.items.map(({ id, name }) => h("option", { value: id }, id === current?.id && isChanged ? `${name} (changed)` : name)),
    );
    select.value = current?.id ?? "";
    byId("screen-update").hidden = !current || !isChanged;
    for (const id of ["screen-rename", "screen-delete"]) byId(id).hidden = !current;
  }

  async #save() {
    const name = await ask({
      title: "Save this screen",
      words: "The filters, the order and the columns as they are now.",
      confirm: "Save",
      input: { label: "Name", isRequired: true, maxLength: LONGEST_NAME },
    });
    if (name === null) return;
    await this.#change(async () => {
      const screen = await api.post("/screens", { name, query: this.query() });
      notify(`${screen.name} is saved.`);
      return screen;
    });
  }

  async #update() {
    const { id, name, query: before } = /** @type {Screen} */ (this.current);
    await this.#change(async () => {
      const screen = await api.patch(`/screens/${id}`, { query: this.query() });
      offerUndo(`${name} now has these filters, this order and these columns.`, () =>
        this.#change(async () => {
          const former = await api.patch(`/screens/${id}`, { query: before });
          notify(`${name} is as it was.`);
          return former;
        }),
      );
      return screen;
    });
  }

  async #rename() {
    const { id, name: before } = /** @type {Screen} */ (this.current);
    const name = await ask({ title: `Rename ${before}`, confirm: "Rename", input: { label: "Name", value: before, isRequired: true, maxLength: LONGEST_NAME } });
    if (name === null || name === before) return;
    await this.#change(async () => {
      const screen = await api.patch(`/screens/${id}`, { name });
      notify(`${before} is called ${screen.name} now.`);
      return screen;
    });
  }

  async #delete() {
    const { id, name } = /** @type {Screen} */ (this.current);
    const answer = await ask({ title: `Delete ${name}?`, words: "Its link opens nothing any more. Results are not touched.", confirm: "Delete", isDanger: true });
    if (answer === null) return;
    await this.#change(async () => {
      await api.delete(`/screens/${id}`);
      notify(`${name} is deleted.`);
      return null;
    });
  }

  /** Do something to a screen, and show the list with it. */
  async #change(act) {
    try {
      const screen = await act();
      await this.load();
      this.open(screen);
    } catch (error) {
      notify(`Nothing was changed. ${error.words ?? error.message}`, { problem: true });
    }
  }
}
