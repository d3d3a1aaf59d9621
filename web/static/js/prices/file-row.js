// One chosen file: its ticker, what becomes of the prices stored before, what the service would store, and the outcome.

import { api } from "../api.js";
import { fill, h, notify } from "../dom.js";
import { formatCount, formatDay } from "../format.js";
import { isTicker } from "../tickers.js";
import { formatBytes, upload } from "../transfer.js";
import { field, select } from "../widgets.js";
import { choiceOfDates, choiceOfLoss, otherOrder } from "./choices.js";
import { refusal } from "./faults.js";
import { refusalOf, shownText, tickerFromName, typeOf } from "./file-text.js";
import { previewed, stored } from "./outcome.js";

const LOOK_AFTER_MILLISECONDS = 300;
/** @type {[string, string][]} */
export const MODES = [
  ["replace", "are replaced"],
  ["extend", "are kept and added to"],
];
const LABELS = { refused: "Check again", waiting: "Store without checking" };
const canLeaveOut = (error) => error.code === "price_quality" && error.errors.some((entry) => entry.field?.startsWith("line ") && entry.field !== "line 1");
let made = 0;

/**
 * The row of a file. `on` holds what the queue wants to hear: `changed()`, `unchecked(row)` (something is to be checked: this row in any case), `wanted(row)` (have it stored),
 * `stored(answer, row)`, `undone(row)` and `removed(row)`; and `isCrowded()`, whether there are so many files that each shows little.
 */
export class FileRow {
  /**
   * @param {File} file
   * @param {{mostBytes: number, ticker?: string, mode?: string | null, on: Record<string, any>}} options
   */
  constructor(file, { mostBytes, ticker, mode = null, on }) {
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
    this.leavesOut = false; // rows with faults
    /** @type {{days: number, first: string, last: string} | null} */
    this.lost = null; // the stored days that storing it would delete, as far as is known
    this.mayLose = false; // whether somebody has agreed to that
    this.isModeChosen = mode !== null;
    /** @type {(value?: any) => void} */
    this.isLookedUp = () => {};
    this.lookedUp = Promise.resolve(); // once it is known what is stored under its ticker, and the mode fits that
    this.isHeld = false; // while it waits to be stored among others: what is stored is what was looked at
    this.ticker = h("input", {
      id: `${this.id}-ticker`,
      value: ticker ?? tickerFromName(file.name),
      maxlength: "20",
      autocomplete: "off",
      autocapitalize: "characters",
      spellcheck: "false",
      required: true,
      "aria-describedby": `${this.id}-problem ${this.id}-hint`,
      oninput: () => {
        if (!mode) this.isModeChosen = false; // what fits the other ticker's prices
        this.edited();
      },
    });
    this.mode = select(`${this.id}-mode`, MODES, mode ?? "replace", () => {
      this.isModeChosen = true;
      this.edited();
    });
    this.problem = h("p", { class: "field-problem", id: `${this.id}-problem` });
    this.hint = h("p", { class: "small soft hint", id: `${this.id}-hint` });
    this.outcome = h("div", { class: "outcome" });
    this.sendButton = h("button", { type: "button", onclick: () => this.send() });
    this.checkButton = h("button", { type: "button", onclick: () => this.checkAgain() }, "Check");
    this.removeButton = h("button", { type: "button", class: "quiet", "aria-label": `Remove ${file.name}`, onclick: () => this.remove() }, "Remove");
    this.element = this.build();
    if (!this.refused) this.enter(this.state);
    this.edited();
  }

  send() {
    if (this.state === "refused") return this.checkAgain();
    if (this.lost) this.mayLose = true; // the button has said so
    this.on.wanted(this);
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
    if (!twin || (this.mode.value === "extend" && twin.mode.value === "extend")) return "";
    return `${twin.file.name} has this ticker, too: one would replace what the other stores. Let both add to what is stored, or remove one.`;
  }

  showFault(text) {
    this.problem.textContent = text;
    if (text) this.ticker.setAttribute("aria-invalid", "true");
    else this.ticker.removeAttribute("aria-invalid");
  }

  /** What the service is told of the file, beside the ticker. */
  get params() {
    return {
      extend: this.mode.value === "extend" ? "true" : null,
      dates: this.dates,
      on_bad_rows: this.leavesOut ? "drop" : null,
      on_loss: this.mayLose ? null : "refuse",
    };
  }

  /** Have the file read, and show what would be stored. Resolves to true when it may be stored; rejects as `store` does. */
  check() {
    return this.transfer("checking", { dry_run: "true" }, (answer) => this.showChecked(answer));
  }

  showChecked(answer) {
    this.lost = answer.lost;
    this.enter("checked");
    fill(this.outcome, previewed(answer, !this.on.isCrowded()), this.dates && otherOrder(this.dates, (dates) => this.again({ dates })));
  }

  /** Store the file. Resolves to true when it was stored; rejects for what another try may get over. */
  store() {
    return this.transfer("sending", {}, (answer) => this.showStored(answer));
  }

  showStored(answer) {
    this.enter("stored");
    fill(this.outcome, stored(answer, answer.undo && this.undoButton(answer)));
    this.on.stored(answer, this);
  }

  undoButton({ undo, ticker }) {
    const path = `/prices/${encodeURIComponent(ticker)}`;
    const act = async () => {
      button.disabled = true;
      try {
        if (undo === "restore") await api.post(`${path}/restore`);
        else await api.delete(path);
      } catch (error) {
        notify(error.words, { problem: true });
        button.disabled = false;
        return;
      }
      this.takenBack(undo === "restore" ? "Undone: what was stored before is back." : "Undone: nothing of it is stored.");
      this.removeButton.focus();
      this.on.undone(this);
    };
    const button = h("button", { type: "button", onclick: act }, "Undo");
    return h("div", { class: "row" }, button);
  }

  /** What it stored is no longer there. */
  takenBack(text) {
    this.lost = null;
    this.mayLose = false;
    this.enter("waiting");
    this.say(text);
  }

  hold(isHeld) {
    this.isHeld = isHeld;
    this.ticker.disabled = this.mode.disabled = isHeld || this.state === "sending" || this.state === "stored";
  }

  /**
   * Take what is set for all files: null leaves a setting as it is.
   * @param {{mode?: string | null, dates?: any, leavesOut?: boolean | null}} settings
   */
  take({ mode = null, dates = null, leavesOut = null }) {
    if (mode !== null) {
      this.mode.value = mode;
      this.isModeChosen = true;
    }
    if (dates !== null) this.dates = dates || null;
    if (leavesOut !== null) this.leavesOut = leavesOut;
    this.edited();
  }

  /** It is checked or stored among others. */
  begin(state, text) {
    this.wantsCheck = false;
    this.enter(state);
    this.removeButton.hidden = true;
    this.say(text);
  }

  /** It was neither. */
  back(text) {
    this.enter("waiting");
    this.say(text);
  }

  showUnreadable() {
    this.enter("refused");
    fill(this.outcome, h("p", { class: "field-problem" }, "The file has changed since it was chosen, or is gone. Choose it again."));
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
        params: { ...this.params, ...params },
        signal: this.abort.signal,
        onProgress: (share) => {
          bar.value = share;
          if (share < 1) return;
          said.textContent = state === "sending" ? "Sent. It is being stored …" : "Sent. Every line is being checked …";
          if (state === "sending") this.removeButton.hidden = true; // it can no longer be kept from being stored
        },
      });
      done(answer);
      return true;
    } catch (error) {
      if (error.name === "AbortError") {
        this.enter("waiting");
        this.say(state === "checking" ? "Check stopped." : "Stopped before all of it was sent: nothing was stored.");
        return false;
      }
      if (error.status === 429) {
        this.enter("waiting");
        throw error;
      }
      if (!("status" in error)) throw error;
      await this.showRefused(error);
      return false;
    } finally {
      this.abort = null;
    }
  }

  /** Show why the service refused it, and what can be done. */
  async showRefused(error) {
    if (error.code === "stored_days_lost") {
      this.enter("waiting");
      fill(
        this.outcome,
        choiceOfLoss(error.message, (mayLose) => this.decide(mayLose)),
      );
      return;
    }
    this.enter("refused");
    if (error.code === "ambiguous_dates") {
      fill(
        this.outcome,
        choiceOfDates(error.message, (dates) => this.again({ dates })),
      );
      return;
    }
    const text = await shownText(this.file).catch(() => null);
    // A file that was saved again since it was chosen can no longer be read, which looks like a service that is away.
    if (text === null) this.showUnreadable();
    else fill(this.outcome, refusal(error, this.file.name, text, this.leavesOut || !canLeaveOut(error) ? null : () => this.again({ leavesOut: true })));
  }

  /** Check it again with other settings. */
  again(settings) {
    Object.assign(this, settings);
    this.checkAgain();
  }

  /** What somebody decides about stored days that it would delete. */
  decide(mayLose) {
    this.mayLose = mayLose;
    if (mayLose) return this.on.wanted(this);
    this.mode.value = "extend";
    this.isModeChosen = true;
    this.edited();
  }

  say(text) {
    fill(this.outcome, h("p", { class: "small soft" }, text));
  }

  enter(state) {
    this.state = state;
    this.element.dataset.state = state;
    const isBusy = state === "sending" || state === "checking";
    this.ticker.disabled = this.mode.disabled = this.isHeld || state === "sending" || state === "stored"; // a check is made anew when they change
    this.sendButton.hidden = isBusy || state === "stored";
    const loses = state === "checked" && this.lost;
    this.sendButton.textContent = loses ? `Store and delete ${formatCount(loses.days, "day", "days")}` : (LABELS[state] ?? "Store");
    this.sendButton.classList.toggle("danger", Boolean(loses));
    this.removeButton.hidden = false;
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
    this.wantsCheck = false; // until it is known what is stored
    this.isLookedUp(); // whoever waited waits for the next look
    this.lost = null;
    this.mayLose = false;
    this.hint.textContent = ""; // it spoke of the ticker before
    clearTimeout(this.timer);
    this.lookedUp = new Promise((resolve) => {
      this.isLookedUp = resolve;
    });
    this.timer = setTimeout(async () => {
      const done = this.isLookedUp;
      await this.lookUp();
      done();
      this.wantsCheck = true;
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
      const { items } = await api.get("/tickers", { q: symbol, limit: 1, stored: true });
      if (symbol !== this.symbol || this.state === "stored") return;
      const found = items.find((item) => item.ticker === symbol);
      // What is stored is not replaced unasked: a file of the same prices goes on from there.
      if (!this.isModeChosen) this.mode.value = found?.provider === "upload" ? "extend" : "replace";
      this.hint.textContent = found
        ? `Stored now: ${formatCount(found.bars, "bar", "bars")}, ${formatDay(found.first)} to ${formatDay(found.last)} (${found.provider}).`
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
        field("Prices stored before", this.mode),
        h("div", { class: "row file-buttons" }, this.checkButton, this.sendButton, this.removeButton),
      ),
      this.problem,
      this.hint,
      this.outcome,
    );
  }
}
