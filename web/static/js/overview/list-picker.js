// The watch lists in a select. Making, renaming and deleting them is loaded when it is asked for.

import { byId, fill, h, notify } from "../dom.js";
import { DEFAULT_LIST, isDefault, readLists } from "../lists.js";

export class ListPicker {
  /** @type {HTMLSelectElement} */
  #select = byId("list");
  #open;
  /** @type {import("../lists.js").List[]} */
  #lists = [DEFAULT_LIST];
  #id = DEFAULT_LIST.id;

  /** `open(id)` shows a list. */
  constructor(open) {
    this.#open = open;
    this.#select.addEventListener("change", () => open(this.#select.value));
    byId("list-new").addEventListener("click", () => this.#change(({ createList }) => createList()));
    byId("list-rename").addEventListener("click", () => this.#change(({ renameList }) => renameList(this.current)));
    byId("list-delete").addEventListener("click", () => this.#delete());
  }

  /** The list that is shown; before the lists are known, it has no name. */
  get current() {
    return this.#lists.find(({ id }) => id === this.#id) ?? { id: this.#id, name: "This list" };
  }

  get hasOthers() {
    return this.#lists.length > 1;
  }

  /** Learn what lists there are. The page is whole without it. */
  async load() {
    try {
      this.#lists = await readLists();
    } catch (error) {
      if (!("status" in error)) console.error(error);
    }
    this.show(this.#id);
  }

  /** Show which list is chosen. @param {string} id */
  show(id) {
    this.#id = id;
    const options = this.#lists.some((list) => list.id === id) ? this.#lists : [...this.#lists, this.current];
    fill(
      this.#select,
      options.map((list) => h("option", { value: list.id, selected: list.id === id }, list.name)),
    );
    this.#select.value = id;
    byId("list-field").hidden = options.length < 2;
    for (const name of ["list-rename", "list-delete"]) byId(name).hidden = isDefault(this.current);
  }

  async #delete() {
    const at = this.#lists.findIndex(({ id }) => id === this.#id);
    const after = this.#lists[at - 1]?.id ?? DEFAULT_LIST.id;
    await this.#change(({ deleteList }) => deleteList(this.current, after, (back) => this.#change(back)));
    if (document.activeElement === document.body) byId("list-new").focus();
  }

  /**
   * Do something to the lists, and show the one that it leads to, if any.
   * @param {(actions: typeof import("./list-actions.js")) => Promise<string | null>} act
   */
  async #change(act) {
    try {
      const id = await act(await import("./list-actions.js"));
      if (id === null) return;
      await this.load();
      this.#open(id);
    } catch (error) {
      notify(`Nothing was changed. ${error.words ?? error.message}`, { problem: true });
      await this.load();
    }
  }
}
