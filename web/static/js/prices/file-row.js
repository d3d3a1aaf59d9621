// One chosen file: its ticker, what becomes of the prices stored before, what the service would store, and the outcome.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { formatDay, formatWhole } from "../format.js";
import { formatBytes, upload } from "../transfer.js";
import { field, select } from "../widgets.js";
import { refusal } from "./faults.js";
import { isTicker, refusalOf, shownText, tickerFromName, typeOf } from "./file-text.js";
import { previewed, stored } from "./outcome.js";

const LOOK_AFTER_MILLISECONDS = 300;
const MODES = [
  ["replace", "Replace"],
  ["extend", "Extend by day"],
];
const LABELS = { refused: "Check again", waiting: "Store without a check" };
let made = 0;

/**
 * The row of a file. `on` holds what the queue wants to hear: `changed()`, `unchecked(row)` (something is to be checked: this row in any case), `wanted(row)` (have it stored),
 * `stored(answer)` and `removed(row)`.
 */
export class FileRow {
  constructor(file, { mostBytes, ticker, mode = "replace", on }) {
    made += 1;
    this.refused = refusalOf(file, mostBytes, formatBytes); // why it need not even be sent
    this.file = file;
    this.on = on;
    this.state = this.refused ? "refused" : "waiting";
    this.wantsCheck = !this.refused;
    this.id = `file-${made}`;
    /** @type {AbortController | null} */
    this.abort = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {"dmy" | "mdy" | null} */
    this.dates = null; // whether dates have the day or the month first, where the file does not tell
    this.ticker = h("input", {
      id: `${this.id}-ticker`,
      value: ticker ?? tickerFromName(file.name),
      maxlength: "20",
      autocomplete: "off",
      autocapitalize: "characters",
      spellcheck: "false",
      required: true,
      "aria-describedby": `${this.id}-problem ${this.id}-hint`,
      oninput: () => this.edited(),
    });
    this.mode = select(`${this.id}-mode`, MODES, mode, () => this.edited());
    this.problem = h("p", { class: "field-problem", id: `${this.id}-problem` });
    this.hint = h("p", { class: "small soft hint", id: `${this.id}-hint` });
    this.outcome = h("div", { class: "outcome" });
    this.sendButton = h("button", { type: "button", onclick: () => (this.state === "refused" ? this.checkAgain() : on.wanted(this)) });
    this.checkButton = h("button", { type: "button", onclick: () => this.checkAgain() }, "Check");
    this.removeButton = h("button", { type: "button", class: "quiet", "aria-label": `Remove ${file.name}`, onclick: () => this.remove() }, "Remove");
    this.element = this.build();
    if (!this.refused) this.enter(this.state);
    this.edited();
  }

  get symbol() {
    return this.ticker.value.trim().toUpperCase();
  }

  get isWaiting() {
    return !this.refused && ["waiting", "checking", "checked"].includes(this.state);
  }

  /** Whether it is to be checked: its ticker is clear, and it has not been checked as it is, nor the check been stopped. */
  get isUnchecked() {
    return this.wantsCheck && this.isWaiting && isTicker(this.symbol);
  }

  /** What must be corrected before the file can be sent; "" when nothing must. `others` are the rows that wait as well. */
  fault(others) {
    if (!this.symbol) return "Which ticker are these prices of?";
    if (!isTicker(this.symbol)) return "A ticker has 1 to 20 characters: letters, digits and . & ^ = _ -, the first a letter, a digit or ^.";
    const twin = others.find((other) => other !== this && other.symbol === this.symbol);
    return twin && this.mode.value === "replace" && twin.mode.value === "replace" ? `${twin.file.name} has this ticker, too: one would replace the other. Extend with one of them.` : "";
  }

  showFault(text) {
    this.problem.textContent = text;
    if (text) this.ticker.setAttribute("aria-invalid", "true");
    else this.ticker.removeAttribute("aria-invalid");
  }

  /** Have the file read, and show what would be stored. Resolves to true when it may be stored; rejects as `store` does. */
  check() {
    return this.transfer("checking", { dry_run: "true" }, (answer) => {
      this.enter("checked");
      fill(this.outcome, previewed(answer));
    });
  }

  /** Store the file. Resolves to true when it was stored; rejects for what another try may get over. */
  store() {
    return this.transfer("sending", {}, (answer) => {
      this.enter("stored");
      fill(this.outcome, stored(answer));
      this.on.stored(answer);
    });
  }

  checkAgain() {
    this.enter("waiting");
    this.wantsCheck = true;
    this.on.unchecked(this);
  }

  async transfer(state, params, done) {
    this.wantsCheck = false;
    this.enter(state);
    this.abort = new AbortController();
    const bar = h("progress", { max: "1", value: "0", "aria-label": `Upload of ${this.file.name}` });
    const said = h("p", { class: "small soft" }, "Sending …");
    fill(this.outcome, bar, said);
    try {
      const answer = await upload(`/prices/${encodeURIComponent(this.symbol)}`, this.file, {
        type: typeOf(this.file.name),
        params: { extend: this.mode.value === "extend" ? "true" : null, dates: this.dates, ...params },
        signal: this.abort.signal,
        onProgress: (share) => {
          bar.value = share;
          if (share === 1) said.textContent = "Sent. Every line is being checked …";
        },
      });
      done(answer);
      return true;
    } catch (error) {
      if (error.name === "AbortError") {
        this.enter("waiting");
        fill(this.outcome, h("p", { class: "small soft" }, "Stopped before it was stored."));
        return false;
      }
      if (error.status === 429) {
        this.enter("waiting");
        throw error;
      }
      if (!("status" in error)) throw error;
      this.enter("refused");
      if (error.code === "ambiguous_dates") {
        fill(this.outcome, this.choiceOfDates(error.message));
        return false;
      }
      const text = await shownText(this.file).catch(() => null);
      // A file that was saved again since it was chosen can no longer be read, which looks like a service that is away.
      if (text === null) fill(this.outcome, h("p", { class: "field-problem" }, "The file has changed since it was chosen, or is gone. Choose it again."));
      else fill(this.outcome, refusal(error, this.file.name, text));
      return false;
    } finally {
      this.abort = null;
    }
  }

  /** The question which number of a date is the day; each answer has the file checked again. */
  choiceOfDates(question) {
    const answer = (order, words) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            this.dates = order;
            this.checkAgain();
          },
        },
        words,
      );
    return h("div", { class: "date-order" }, h("p", {}, question), h("div", { class: "row" }, answer("dmy", "Day first"), answer("mdy", "Month first")));
  }

  say(text) {
    fill(this.outcome, h("p", { class: "small soft" }, text));
  }

  enter(state) {
    this.state = state;
    this.element.dataset.state = state;
    const isBusy = state === "sending" || state === "checking";
    this.ticker.disabled = this.mode.disabled = state === "sending" || state === "stored"; // a check is made anew when they change
    this.sendButton.hidden = isBusy || state === "stored";
    this.sendButton.textContent = LABELS[state] ?? "Store";
    this.checkButton.hidden = state !== "waiting";
    this.removeButton.textContent = isBusy ? "Stop" : "Remove";
    this.removeButton.setAttribute("aria-label", `${isBusy ? "Stop the upload of" : "Remove"} ${this.file.name}`);
    if (state === "stored") this.hint.textContent = "";
    this.on.changed();
  }

  edited() {
    if (this.refused) return;
    this.showFault("");
    if (this.state === "checking") this.abort?.abort();
    else if (this.state !== "waiting") {
      fill(this.outcome);
      this.enter("waiting");
    }
    this.wantsCheck = true;
    this.hint.textContent = ""; // it spoke of the ticker before
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.lookUp();
      this.on.unchecked();
    }, LOOK_AFTER_MILLISECONDS);
    this.on.changed();
  }

  /** Say what is stored under the ticker: it is what the file replaces. */
  async lookUp() {
    const symbol = this.symbol;
    if (!isTicker(symbol)) {
      this.hint.textContent = "";
      return;
    }
    try {
      const { items } = await api.get("/tickers", { q: symbol, limit: 1 });
      if (symbol !== this.symbol || this.state === "stored") return;
      const found = items.find((item) => item.ticker === symbol);
      this.hint.textContent = found
        ? `Stored now: ${formatWhole(found.bars)} bars, ${formatDay(found.first)} to ${formatDay(found.last)} (${found.provider}).`
        : "New: nothing is stored under this ticker.";
    } catch {
      this.hint.textContent = ""; // it is only a courtesy: the upload itself says what is wrong
    }
  }

  remove() {
    if (this.abort) {
      this.abort.abort();
      return;
    }
    clearTimeout(this.timer);
    this.on.removed(this);
  }

  build() {
    const heading = h("div", { class: "file-name" }, h("strong", {}, this.file.name), h("span", { class: "small soft" }, formatBytes(this.file.size)));
    if (this.refused) return h("li", { class: "file-row", dataset: { state: "refused" } }, h("div", { class: "spread" }, heading, this.removeButton), h("p", { class: "field-problem" }, this.refused));
    return h(
      "li",
      { class: "file-row", dataset: { state: this.state } },
      h(
        "div",
        { class: "file-fields" },
        heading,
        field("Ticker", this.ticker),
        field("What is stored", this.mode),
        h("div", { class: "row file-buttons" }, this.checkButton, this.sendButton, this.removeButton),
      ),
      this.problem,
      this.hint,
      this.outcome,
    );
  }
}
