// The record of a ticker's verdicts: how often each was right, and what following them would have earned.

import { address, api } from "../api.js";
import { fill, h } from "../dom.js";
import { segments } from "../evidence/figures.js";
import { empty, show } from "../states.js";
import { saveFor } from "../transfer.js";
import { BacktestCard } from "./backtest.js";
import { fanCard } from "./fan-card.js";
import { halves, live } from "./halves.js";
import { HORIZONS } from "./horizons.js";
import { method } from "./method.js";
import { forget } from "./run.js";
import { inWords, verdictTable } from "./verdicts.js";

export class RecordTab {
  #ticker;
  /** @type {any} */
  #evidence = null;
  #strategy = "";
  #horizon = "";
  /** @type {string | null} */
  #verdict = null; // the present one
  /** @type {AbortController | undefined} */
  #asked;

  /**
   * @param {string} ticker
   * @param {{onHorizon: (horizon: string) => void, showTrades: () => void}} listeners
   */
  constructor(ticker, { onHorizon, showTrades }) {
    this.#ticker = ticker;
    this.pick = segments(
      "Horizon in trading days",
      HORIZONS.map((days) => [days, `${days} days`]),
      onHorizon,
    );
    this.save = h("button", { type: "button", id: "evidence-csv", disabled: true, onclick: () => this.#save() }, "CSV");
    this.excel = h("a", { class: "button", id: "evidence-excel", hidden: true, "aria-label": "Download the record as Excel" }, "↓ Excel");
    // Apart from each other, so that a choice redraws only what it is about, and takes the focus from nobody.
    this.main = h("div", {});
    this.method = h("div", {});
    this.beside = h("div", { class: "record-columns" });
    this.fan = h("div", {});
    this.backtest = new BacktestCard(ticker, showTrades);
    this.element = h(
      "div",
      { class: "record" },
      h(
        "section",
        { class: "card", "aria-labelledby": "record-title" },
        h("div", { class: "spread" }, h("h2", { id: "record-title" }, "How often was each verdict right?"), this.pick.element),
        this.main,
        this.method,
        h("div", { class: "row end" }, this.save, this.excel),
      ),
      this.beside,
      this.fan,
      this.backtest.element,
    );
  }

  /** Show a strategy's record at a horizon. @param {Record<string, string>} state */
  set({ strategy, horizon }) {
    const isOther = strategy !== this.#strategy;
    const isElsewhere = horizon !== this.#horizon;
    this.#strategy = strategy;
    this.#horizon = horizon;
    this.pick.set(horizon);
    this.backtest.set(strategy);
    if (isOther) this.#load();
    else if (isElsewhere && this.#evidence) this.#drawHorizon();
  }

  /** The verdict of the present analysis, which is marked; null while there is none. @param {string | null} verdict */
  setVerdict(verdict) {
    if (this.#verdict === verdict) return;
    this.#verdict = verdict;
    if (this.#evidence === null) return;
    this.#drawHorizon();
    this.#drawFan();
  }

  /** Ask again: the prices may be others. */
  reload() {
    forget();
    this.backtest.clear();
    if (this.#strategy) this.#load();
  }

  #load() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const strategy = this.#strategy;
    this.#evidence = null;
    for (const part of [this.method, this.beside, this.fan]) fill(part);
    this.save.disabled = true;
    this.excel.hidden = true;
    const load = async () => {
      const answer = await api.get(`/evidence/${encodeURIComponent(this.#ticker)}`, { strategy }, { signal });
      signal.throwIfAborted(); // a later choice has come
      this.#evidence = answer;
      this.save.disabled = false;
      this.excel.href = address(`/reports/evidence/${encodeURIComponent(this.#ticker)}.xlsx`, { strategy });
      this.excel.hidden = false;
      fill(this.method, method(answer));
      this.#drawFan();
      this.#drawBeside();
      return this.#figures();
    };
    return show(this.main, load, "Looking how often each verdict was right …");
  }

  get #at() {
    return this.#evidence.horizons.find(({ h: days }) => String(days) === this.#horizon);
  }

  #figures() {
    const at = this.#at;
    return at ? [...inWords(at, this.#verdict), ...verdictTable(at, this.#verdict)] : [noDays(this.#evidence, this.#horizon)];
  }

  #drawHorizon() {
    fill(this.main, this.#figures());
    this.#drawBeside();
  }

  #drawBeside() {
    const at = this.#at;
    fill(this.beside, at && [halves(at), live(at)]);
  }

  #drawFan() {
    const { fan } = this.#evidence;
    fill(this.fan, fan.lines.length > 1 && fanCard(fan, this.#verdict));
  }

  #save() {
    return saveFor(this.save, `/evidence/${encodeURIComponent(this.#ticker)}`, { params: { strategy: this.#strategy }, accept: "text/csv", name: "evidence.csv" });
  }
}

function noDays({ note, warmup }, horizon) {
  return empty(`No record over ${horizon} days yet`, note ?? `A day counts with ${warmup} bars before it and ${horizon} after it; this history is too short for one.`);
}
