// Which tickers are on the watchlist, and putting more of them there.

import { fill, h, notify } from "../dom.js";
import { follow, readWatchlist } from "../watchlist.js";

export class Following {
  constructor() {
    this.tickers = new Set();
  }

  /** Learn what is followed. Without it every row offers to follow, and doing so twice is harmless. */
  async load() {
    try {
      for (const { ticker } of await readWatchlist()) this.tickers.add(ticker);
    } catch (error) {
      notify(`Which tickers are on the watchlist is not known. ${error.words ?? error.message}`, { problem: true });
    }
  }

  /** What a row shows: that the ticker is followed, or a button that makes it so. */
  cell(ticker) {
    if (this.tickers.has(ticker)) return h("span", { class: "small soft" }, "Followed");
    const label = `Follow ${ticker}: add it to the watchlist`;
    return h("button", { type: "button", class: "small", "aria-label": label, onclick: (event) => this.#follow(ticker, event.currentTarget) }, "Follow");
  }

  async #follow(ticker, button) {
    const cell = button.parentElement;
    button.disabled = true;
    try {
      await follow(ticker);
    } catch (error) {
      button.disabled = false;
      button.focus();
      return notify(`${ticker} was not added. ${error.words ?? error.message}`, { problem: true });
    }
    this.tickers.add(ticker);
    fill(cell, this.cell(ticker));
    // The button is gone; the row's link is the nearest place to go on from.
    if (document.activeElement === document.body) cell.parentElement.querySelector("a").focus();
    notify(`${ticker} is on the watchlist.`);
  }
}
