// Moving rows by hand: with the pointer, with Alt and the arrow keys, or with a row's buttons. A place is told to the service as the ticker that the row is
// to stand behind, which means the same whatever another tab has moved meanwhile.

import { api } from "../api.js";
import { byId, notify } from "../dom.js";
import { BY_HAND, sorted } from "./order.js";

const EDGE = 80; // pixels from the top and the bottom of the window, where it scrolls while a row is dragged
const SCROLL_STEP = 12;

export class ByHand {
  #list;
  /** @type {Promise<void>} */
  #sending = Promise.resolve();
  #waiting = 0;
  #isDragging = false;

  /** `list.items()`: all items; `list.shown()`: the rows in view order; `list.isOn()`: whether rows can be moved; `list.path(ticker)`; `list.moved(ticker)`, `list.settled()`. */
  constructor(list) {
    this.#list = list;
  }

  /** Whether a row is being moved: rows that are drawn anew would be lost to the pointer, and have the order of before. */
  get isPending() {
    return this.#isDragging || this.#waiting > 0;
  }

  /** Listen to the table's body. @param {HTMLElement} body */
  wire(body) {
    body.addEventListener("keydown", (event) => {
      const row = rowOf(event.target);
      if (!row || !event.altKey || event.ctrlKey || event.metaKey || !["ArrowUp", "ArrowDown"].includes(event.key) || !this.#list.isOn()) return;
      event.preventDefault();
      this.step(row.dataset.ticker, event.key === "ArrowUp" ? -1 : 1);
    });
    body.addEventListener("pointerdown", (event) => {
      const grip = /** @type {HTMLElement} */ (event.target).closest?.(".grip");
      const row = rowOf(grip);
      if (grip && row && event.button === 0) this.#drag(/** @type {HTMLElement} */ (grip), row, event);
    });
  }

  /** Move a row by one place among those that are shown. */
  step(ticker, step) {
    const shown = this.#tickersShown();
    const at = shown.indexOf(ticker);
    const other = shown[at + step];
    if (other === undefined) return say(`${ticker} is ${step < 0 ? "first" : "last"} already.`);
    this.#place(ticker, step < 0 ? this.#before(other, ticker) : other);
  }

  #tickersShown() {
    return this.#list.shown().map((row) => row.dataset.ticker);
  }

  /** The ticker that stands before another one in the whole list, hidden ones too; null before the first. */
  #before(other, leftOut) {
    const all = this.#inOrder().filter((item) => item.ticker !== leftOut);
    return all[all.findIndex(({ ticker }) => ticker === other) - 1]?.ticker ?? null;
  }

  #inOrder() {
    return sorted(this.#list.items(), BY_HAND);
  }

  /** Put a ticker behind another one, or first for null: in the page at once, then at the service. */
  #place(ticker, after) {
    const order = this.#inOrder();
    const item = order.find((one) => one.ticker === ticker);
    const others = order.filter((one) => one !== item);
    const at = after === null ? 0 : others.findIndex((one) => one.ticker === after) + 1;
    if (!item || order.indexOf(item) === at) return;
    others.splice(at, 0, item);
    // The page's own numbers until the service has told its own.
    for (const [number, one] of others.entries()) one.position = number;
    this.#list.moved(ticker);
    say(`${ticker} is number ${at + 1} of ${others.length}.`);
    this.#waiting += 1;
    const path = this.#list.path(ticker); // now: another list may be shown when it is its turn
    this.#sending = this.#sending.then(() => this.#send(ticker, path, after));
  }

  async #send(ticker, path, after) {
    try {
      await api.patch(path, { after });
    } catch (error) {
      notify(`${ticker} was not moved. ${error.words ?? error.message}`, { problem: true });
    }
    this.#waiting -= 1;
    if (!this.#waiting) await this.#list.settled(); // as it is now, with what other tabs have moved
  }

  /** Put a ticker before a row; behind the last for null. @param {string} ticker @param {HTMLElement | null} target */
  #drop(ticker, target) {
    const others = this.#tickersShown().filter((one) => one !== ticker);
    this.#place(ticker, target ? this.#before(target.dataset.ticker, ticker) : (others.at(-1) ?? null));
  }

  /** @param {HTMLElement} grip @param {HTMLElement} row @param {PointerEvent} begin */
  #drag(grip, row, begin) {
    begin.preventDefault();
    grip.setPointerCapture(begin.pointerId);
    row.classList.add("is-dragged");
    this.#isDragging = true;
    let pointerAt = begin.clientY;
    /** @type {HTMLElement | null} */
    let target = null; // the row before which it would be put; null for the end
    let isMoved = false;
    const mark = () => {
      const rows = this.#list.shown().filter((one) => one !== row);
      target = rows.find((one) => pointerAt < one.getBoundingClientRect().top + one.offsetHeight / 2) ?? null;
      for (const one of rows) {
        one.classList.toggle("drop-before", one === target);
        one.classList.toggle("drop-after", target === null && one === rows.at(-1));
      }
    };
    const scroll = () => {
      const step = pointerAt < EDGE ? -SCROLL_STEP : pointerAt > innerHeight - EDGE ? SCROLL_STEP : 0;
      if (step) {
        scrollBy(0, step);
        if (isMoved) mark();
      }
      frame = requestAnimationFrame(scroll);
    };
    let frame = requestAnimationFrame(scroll);
    const follow = (event) => {
      pointerAt = event.clientY;
      isMoved = true;
      mark();
    };
    const end = (isDropped) => {
      cancelAnimationFrame(frame);
      row.classList.remove("is-dragged");
      for (const one of this.#list.shown()) one.classList.remove("drop-before", "drop-after");
      for (const [name, listener] of listeners) grip.removeEventListener(name, listener);
      document.removeEventListener("keydown", cancel, true);
      this.#isDragging = false;
      if (isDropped && isMoved) this.#drop(row.dataset.ticker ?? "", target);
      if (!this.#waiting) this.#list.settled(); // what came meanwhile was not shown
    };
    const cancel = (event) => {
      if (event.key === "Escape") end(false);
    };
    /** @type {[string, (event: any) => void][]} */
    const listeners = [
      ["pointermove", follow],
      ["pointerup", () => end(true)],
      ["pointercancel", () => end(false)],
    ];
    for (const [name, listener] of listeners) grip.addEventListener(name, listener);
    document.addEventListener("keydown", cancel, true);
  }
}

function say(text) {
  byId("said").textContent = text;
}

/** @returns {HTMLElement | null} */
function rowOf(node) {
  return node instanceof Element ? node.closest("tr[data-ticker]") : null;
}
