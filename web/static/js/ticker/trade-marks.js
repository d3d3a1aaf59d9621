// The trades of a backtest on the candles: an arrow up where shares are bought, one down where they are sold, with what a trade brought.

import { createSeriesMarkers } from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { formatReturn } from "../evidence/figures.js";
import { timeOf } from "./chart-style.js";

const MOST_WORDS = 24; // marks in sight, up to which they have words

/** @typedef {{time: any, position: "belowBar" | "aboveBar", shape: "arrowUp" | "arrowDown", color: string, text: string}} Mark */

/** The marks of a backtest, by time. @param {any} backtest @param {Record<string, string>} theme @returns {Mark[]} */
function marksOf({ trades }, theme) {
  const mark = (day, isPurchase, color, text) => ({
    time: timeOf(day),
    position: /** @type {"belowBar" | "aboveBar"} */ (isPurchase ? "belowBar" : "aboveBar"),
    shape: /** @type {"arrowUp" | "arrowDown"} */ (isPurchase ? "arrowUp" : "arrowDown"),
    color,
    text,
  });
  const all = trades.flatMap(({ side, entry_day: from, exit_day: to, return: net, open }) => {
    const isShort = side === "short";
    const entry = mark(from, !isShort, theme.accent, isShort ? "Short" : "In");
    return open ? [entry] : [entry, mark(to, isShort, net < 0 ? theme.bad : theme.good, formatReturn(net))];
  });
  return all.sort((one, other) => one.time - other.time);
}

export class TradeMarks {
  #chart;
  #series;
  /** @type {any} */
  #plugin = null;
  /** @type {any} */
  #backtest = null;
  /** @type {Mark[]} */
  #marks = [];
  #hasWords = false;

  /** @param {any} chart @param {any} series - the candles */
  constructor(chart, series) {
    this.#chart = chart;
    this.#series = series;
    chart.timeScale().subscribeVisibleLogicalRangeChange(() => {
      if (this.#marks.length && this.#fits() !== this.#hasWords) this.#draw();
    });
  }

  /** Mark a backtest's trades, or none. @param {any} backtest @param {Record<string, string>} theme */
  set(backtest, theme) {
    this.#backtest = backtest;
    this.paint(theme);
  }

  /** How many there are. */
  get count() {
    return this.#marks.length;
  }

  /** The same in other colours. @param {Record<string, string>} theme */
  paint(theme) {
    this.#marks = this.#backtest === null ? [] : marksOf(this.#backtest, theme);
    if (this.#marks.length || this.#plugin) this.#draw();
  }

  #fits() {
    const seen = this.#chart.timeScale().getVisibleRange();
    return seen !== null && this.#marks.filter(({ time }) => time >= seen.from && time <= seen.to).length <= MOST_WORDS;
  }

  #draw() {
    this.#hasWords = this.#fits();
    const drawn = this.#hasWords ? this.#marks : this.#marks.map((mark) => ({ ...mark, text: "" }));
    this.#plugin ??= createSeriesMarkers(this.#series, []);
    this.#plugin.setMarkers(drawn);
  }
}
