// Tabs, of which one is shown: the arrow keys go from one to the next.

import { h } from "../dom.js";

const MOVES = { ArrowLeft: -1, ArrowRight: 1 };

/** @typedef {{id: string, title: string, panel: HTMLElement}} Tab */

export class Tabs {
  #tabs;
  #onChoice;
  /** @type {HTMLButtonElement[]} */
  #buttons;

  /** `onChoice(id)` hears which tab is asked for. @param {Tab[]} tabs @param {(id: string) => void} onChoice */
  constructor(tabs, onChoice) {
    this.#tabs = tabs;
    this.#onChoice = onChoice;
    this.#buttons = tabs.map(({ id, title, panel }) => {
      Object.assign(panel, { id: `panel-${id}`, role: "tabpanel" });
      panel.setAttribute("aria-labelledby", `tab-${id}`);
      return h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, dataset: { tab: id }, onclick: () => onChoice(id) }, title);
    });
    this.element = h("div", { class: "tabs", role: "tablist", "aria-label": "What is shown", onkeydown: (event) => this.#key(event) }, this.#buttons);
  }

  /** Show a tab. @param {string} chosen */
  set(chosen) {
    for (const [at, { id, panel }] of this.#tabs.entries()) {
      const isChosen = id === chosen;
      panel.hidden = !isChosen;
      this.#buttons[at].setAttribute("aria-selected", String(isChosen));
      this.#buttons[at].tabIndex = isChosen ? 0 : -1;
    }
  }

  #key(event) {
    const at = this.#buttons.indexOf(event.target);
    const last = this.#buttons.length - 1;
    const next = event.key === "Home" ? 0 : event.key === "End" ? last : event.key in MOVES ? (at + MOVES[event.key] + last + 1) % (last + 1) : null;
    if (next === null || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#buttons[next].focus();
    this.#onChoice(this.#tabs[next].id);
  }
}
