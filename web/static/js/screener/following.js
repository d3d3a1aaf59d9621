// Which tickers are on the watchlist, and putting more of them there.

import { api } from "../api.js";
import { fill, h, notify } from "../dom.js";

const PAGE_SIZE = 500;

export class Following {
  constructor() {
    this.tickers = new Set();
  }

  /** Learn what is followed. Without it every row offers to follow, and doing so twice is harmless. */
  async load() {
    let cursor = null;
    try {
      do {
        const { items, next_cursor: next } = await api.get("/watchlist", { limit: PAGE_SIZE, cursor });
        for (const { ticker } of items) this.tickers.add(ticker);
        cursor = next;
      } while (cursor);
    } catch (error) {
      notify(`Which tickers are on the watchlist is not known. ${error.words ?? error.message}`, { problem: true });
    }
  }

  /** What a row shows: that the ticker is followed, or a button that makes it so. */
  cell(ticker) {
    if (this.tickers.has(ticker)) return h("span", { class: "small soft" }, "On watchlist");
    const label = `Add ${ticker} to the watchlist`;
    return h("button", { type: "button", class: "small", "aria-label": label, onclick: (event) => this.#follow(ticker, event.currentTarget) }, "Add to watchlist");
  }

  async #follow(ticker, button) {
    const cell = button.parentElement;
    button.disabled = true;
    try {
      await api.post("/watchlist", { ticker });
    } catch (error) {
      if (error.status !== 409) {
        button.disabled = false;
        button.focus();
        return notify(`${ticker} was not added. ${error.words ?? error.message}`, { problem: true });
      }
    }
    this.tickers.add(ticker);
    fill(cell, this.cell(ticker));
    // The button is gone; the row's link is the nearest place to go on from.
    if (document.activeElement === document.body) cell.parentElement.querySelector("a").focus();
    notify(`${ticker} is on the watchlist.`);
  }
}
