// A file with the prices of many tickers, an archive or a table: one task checks or stores them, and the row says what came of each.

import { api } from "../api.js";
import { followJob } from "../bulk-run.js";
import { fill, h } from "../dom.js";
import { formatCount, formatWhole } from "../format.js";
import { forPeople } from "../problem-words.js";
import { formatBytes } from "../transfer.js";
import { badge } from "../words.js";
import { differenceIn, refusal } from "./faults.js";
import { MODES } from "./file-row.js";
import { isArchive, refusalOf, shownText, ZIP } from "./file-text.js";
import { forAll } from "./for-all.js";
import { readOutcomes } from "./import-run.js";

const KEPT_FIRST = [...MODES].reverse(); // nothing is replaced unasked
const SHOWN = 10;
const WORDS = { dates: (order) => order || null, on_bad_rows: (leavesOut) => (leavesOut ? "drop" : null) };
let made = 0;

/**
 * The row. `on` holds what the queue wants to hear: `changed()`, `stored(tickers)`, `undone(tickers)` and `removed(row)`; and `patiently(send)`, which sends past
 * the budget of uploads.
 */
export class ManyRow {
  #settings;
  #isBusy = false;
  /** @type {Map<string, "restore" | "delete">} */
  #undos = new Map(); // by the tickers that were stored, of all runs: the next finds those of the one before unchanged

  /**
   * @param {File} file
   * @param {{mostBytes: number, on: Record<string, any>}} options
   */
  constructor(file, { mostBytes, on }) {
    made += 1;
    this.file = file;
    this.on = on;
    this.refused = refusalOf(file, mostBytes, formatBytes);
    this.state = this.refused ? "refused" : "waiting";
    this.#settings = forAll(`many-${made}`, KEPT_FIRST, () => this.#enter("waiting"));
    this.outcome = h("div", { class: "outcome" }, this.refused && h("p", { class: "field-problem" }, this.refused));
    this.progress = h("div", {});
    this.checkButton = h("button", { type: "button", onclick: () => this.#run({ isCheck: true }) }, "Check");
    this.sendButton = h("button", { type: "button", class: "primary", onclick: () => this.#run() }, "Store");
    this.removeButton = h("button", { type: "button", class: "quiet", "aria-label": `Remove ${file.name}`, onclick: () => on.removed(this) }, "Remove");
    this.element = h(
      "li",
      { class: "file-row", dataset: { state: this.state } },
      h(
        "div",
        { class: "spread" },
        h("div", { class: "file-name" }, h("strong", {}, file.name), h("span", { class: "small soft" }, `${formatBytes(file.size)}, the prices of many tickers`)),
        h("div", { class: "row file-buttons" }, this.checkButton, this.sendButton, this.removeButton),
      ),
      !this.refused && this.#settings.element,
      this.progress,
      this.outcome,
    );
    this.#enter(this.state, false);
  }

  /** Whether leaving the page would lose it. */
  get isOpen() {
    return this.#isBusy || (!this.refused && ["waiting", "checked"].includes(this.state));
  }

  #enter(state, isNew = true) {
    this.state = state;
    this.element.dataset.state = state;
    this.checkButton.hidden = this.#isBusy || state !== "waiting";
    this.sendButton.hidden = this.#isBusy || !["waiting", "checked"].includes(state);
    this.removeButton.hidden = this.#isBusy;
    /** @type {HTMLFieldSetElement} */ (this.#settings.element).disabled = this.#isBusy || state === "stored";
    if (isNew && state === "waiting") fill(this.outcome);
    if (isNew) this.on.changed();
  }

  get #params() {
    const { mode, dates, leavesOut } = this.#settings.settings();
    return { extend: mode === "extend" ? "true" : null, dates: WORDS.dates(dates), on_bad_rows: WORDS.on_bad_rows(leavesOut) };
  }

  /** Have the task made, and follow it. Stored days are deleted only where somebody has agreed to that. */
  async #run({ isCheck = false, mayLose = false } = {}) {
    this.#isBusy = true;
    this.#enter(isCheck ? "checking" : "sending");
    fill(this.outcome);
    fill(this.progress, h("p", { class: "small soft" }, "Sending …"));
    try {
      const query = { ...this.#params, dry_run: isCheck ? "true" : null, on_loss: mayLose ? null : "refuse" };
      const job = await this.on.patiently(() => api.postFile("/price-imports", this.file, isArchive(this.file.name) ? ZIP : "text/csv", query));
      const ended = await followJob(this.progress, job);
      const items = await readOutcomes(job.params.import_id);
      this.#isBusy = false;
      this.#show(items, isCheck, ended?.params.ignored ?? []);
    } catch (error) {
      if (!("status" in error)) console.error(error);
      this.#isBusy = false;
      this.#enter("waiting");
      fill(this.progress);
      const text = await shownText(this.file).catch(() => "");
      fill(this.outcome, "errors" in error ? refusal(error, this.file.name, text, null) : h("p", { class: "field-problem" }, error.message));
    }
    if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (this.element.querySelector("button:not([hidden])"))?.focus();
  }

  #show(items, isCheck, ignored) {
    const done = items.filter(({ report }) => report);
    const refused = items.filter(({ problem }) => problem);
    const losing = items.filter(({ report, problem }) => (report ? isCheck && report.lost : problem?.code === "stored_days_lost"));
    if (!isCheck) for (const { ticker, report } of done) if (report.undo) this.#undos.set(ticker, report.undo);
    const waiting = items.length - done.length - refused.length;
    this.#enter(isCheck ? "checked" : done.length ? "stored" : "waiting");
    fill(
      this.outcome,
      h(
        "p",
        {},
        done.length > 0 && [badge("file", isCheck ? "checked" : "stored"), " "],
        `${formatWhole(done.length)} of ${formatCount(items.length, "ticker", "tickers")} ${isCheck ? "could be stored; nothing is stored yet" : "stored"}.`,
        refused.length > 0 && ` ${formatWhole(refused.length)} refused: see why below.`,
        waiting > 0 && ` The task did not come to ${formatWhole(waiting)}.`,
      ),
      ignored.length > 0 && h("p", { class: "small soft" }, `Not read: ${ignored.join(", ")}.`),
      losing.length > 0 && this.#losses(losing),
      refused.length > 0 && refusedTable(refused, this.file.name),
      !isCheck && this.#undo(),
    );
    if (!isCheck) this.on.stored(done.map(({ ticker }) => ticker));
  }

  /** The tickers of which stored days would go, and the button that agrees to that. */
  #losses(losing) {
    const names = losing.slice(0, SHOWN).map(({ ticker }) => ticker);
    const rest = losing.length - names.length;
    return h(
      "div",
      { class: "loss" },
      h(
        "p",
        {},
        `Of ${formatCount(losing.length, "ticker", "tickers")} the file does not hold all stored days, which would be deleted: ${names.join(", ")}${rest > 0 ? ` and ${formatWhole(rest)} more` : ""}.`,
      ),
      h("p", { class: "small soft" }, "“Store” leaves these as they are."),
      h("div", { class: "row" }, h("button", { type: "button", class: "danger", onclick: () => this.#run({ mayLose: true }) }, "Delete those days and store all")),
    );
  }

  /** The way back: each ticker gets what it had before. */
  #undo() {
    const changed = [...this.#undos];
    if (!changed.length) return null;
    const act = async () => {
      button.disabled = true;
      /** @type {string[]} */
      const back = [];
      let failure = "";
      for (const [ticker, undo] of changed) {
        button.textContent = `Undoing ${formatWhole(back.length + 1)} of ${formatWhole(changed.length)} …`;
        const path = `/prices/${encodeURIComponent(ticker)}`;
        try {
          await this.on.patiently(() => (undo === "restore" ? api.post(`${path}/restore`) : api.delete(path)));
          back.push(ticker);
          this.#undos.delete(ticker);
        } catch (error) {
          failure = `${ticker} was not undone: ${error.words ?? error.message}`;
        }
      }
      this.#enter("waiting");
      fill(this.progress);
      fill(
        this.outcome,
        h("p", { class: "small soft" }, `Undone: ${formatCount(back.length, "ticker has", "tickers have")} what was stored before.`),
        failure && h("p", { class: "field-problem" }, failure),
      );
      this.on.undone(back);
    };
    const button = h("button", { type: "button", onclick: act }, changed.length === 1 ? "Undo" : `Undo all ${formatWhole(changed.length)}`);
    return h("div", { class: "row" }, button);
  }
}

const reasonOf = ({ code, message }) => (code === "bases_differ" ? `${differenceIn(message)} or leave it out.` : forPeople(message, code));

/** The files that were refused, each with the reason. */
function refusedTable(refused, fileName) {
  const row = ({ ticker, name, problem }) => h("tr", {}, h("th", { scope: "row" }, ticker), h("td", { class: "hide-on-phone" }, name), h("td", {}, reasonOf(problem)));
  const body = h("tbody", {}, refused.slice(0, SHOWN).map(row));
  const rest = refused.slice(SHOWN);
  const more = h(
    "button",
    {
      type: "button",
      class: "small",
      onclick: () => {
        body.append(...rest.map(row));
        more.remove();
      },
    },
    `Show ${formatWhole(rest.length)} more`,
  );
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": `Refused of ${fileName}` },
    h(
      "table",
      { class: "refused-files" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Ticker"), h("th", { scope: "col", class: "hide-on-phone" }, "File"), h("th", { scope: "col" }, "What is wrong"))),
      body,
    ),
    rest.length > 0 && more,
  );
}
