// The chart with what switches it: time span, overlays, panes and price lines; and the newest bars as a table.

import { ApiProblem, api } from "../api.js";
import { fill, h, notify } from "../dom.js";
import { formatCompact, formatDay, formatPercent, formatPrice, formatWhole } from "../format.js";
import { loading, problem } from "../states.js";
import { PriceChart } from "./chart.js";
import { MARKS, OVERLAYS, RANGES, readShown, TRADES, writeShown } from "./overlays.js";

const BAR_KEYS = "open,high,low,close,volume";
const TABLE_BARS = 20;
const KEYS = { ArrowLeft: ["scroll", -0.1], ArrowRight: ["scroll", 0.1], "+": ["zoom", 0.8], "=": ["zoom", 0.8], "-": ["zoom", 1.25] };

export class ChartCard {
  #ticker;
  #state; // {range, show, strategy}: what the address says
  #onChange;
  /** @type {PriceChart | null} */
  #chart = null;
  /** @type {any} */
  #bars = null;
  /** @type {any} */
  #result = null;
  /** @type {typeof import("../record/run.js") | null} */
  #backtests = null; // once they are asked for
  #asked = new Map(); // overlay → a symbol of the newest request for it

  /** `onChange({range} or {show})` puts a choice into the address. */
  constructor(ticker, state, onChange) {
    this.#ticker = ticker;
    this.#state = state;
    this.#onChange = onChange;
    this.ranges = h(
      "div",
      { class: "segments", role: "group", "aria-label": "Time span" },
      Object.keys(RANGES).map((name) => this.#button(name, name, () => onChange({ range: name }))),
    );
    this.toggles = h(
      "div",
      { class: "segments loose", role: "group", "aria-label": "Shown in the chart" },
      [...OVERLAYS, ...MARKS, TRADES].map(({ key, label }) => this.#button(key, label, () => this.#toggle(key))),
    );
    this.legend = h("div", { class: "chart-legend", "aria-hidden": "true" });
    this.container = h("div", { class: "chart", id: "chart", role: "img", tabindex: "0", "aria-label": "Price chart, loading", onkeydown: (event) => this.#key(event) });
    this.state = h("div", { class: "chart-state" }, loading("Loading prices …"));
    this.rows = h("div", {});
    this.table = h("details", { class: "bars-table", hidden: true, ontoggle: () => this.#fillTable() }, h("summary", {}, `The last ${TABLE_BARS} days as a table`), this.rows);
    this.element = h(
      "section",
      { class: "card chart-card", "aria-label": "Chart" },
      h("div", { class: "chart-toolbar" }, this.ranges, this.toggles),
      this.legend,
      h("div", { class: "chart-frame" }, this.container, this.state),
      h("p", { class: "chart-help small soft hide-on-phone" }, "Drag or use the arrow keys to move, + and − to zoom, the wheel once the chart has the focus. Hollow candles rose, filled ones fell."),
      this.table,
    );
    this.#press();
  }

  get bars() {
    return this.#bars;
  }

  /** Load the bars and draw them; raises the API's problem. */
  async load() {
    const bars = await api.get(`/series/${encodeURIComponent(this.#ticker)}`, { keys: BAR_KEYS });
    this.draw(bars);
  }

  draw(bars) {
    if (!bars.dates.length) throw new ApiProblem(404, { code: "ticker_not_found", title: "No prices", detail: "There are no prices." });
    this.#bars = bars;
    this.state.remove();
    this.#chart ??= new PriceChart(this.container, (index) => this.#showLegend(index));
    this.#chart.setRange(this.#state.range);
    this.#chart.setBars(bars);
    this.container.setAttribute("aria-label", this.#inWords());
    this.#showLegend(null);
    this.table.hidden = false;
    this.#fillTable();
    this.#showMarks();
    this.#showOverlays(OVERLAYS);
    this.#showTrades();
  }

  fail(error, retry) {
    const again = () => {
      fill(this.state, loading("Loading prices …"));
      retry();
    };
    if (this.#bars === null) fill(this.state, problem(error, again));
    else notify(error.words ?? error.message, { problem: true });
  }

  /** Take over what the address says now. */
  setState(state) {
    const before = this.#state;
    this.#state = state;
    this.#press();
    if (this.#chart === null) return;
    if (before.range !== state.range) this.#chart.setRange(state.range);
    this.#showMarks();
    this.#showOverlays(before.strategy === state.strategy ? [] : OVERLAYS.filter((overlay) => overlay.byStrategy));
    this.#showTrades();
  }

  /** The analysis whose levels and trade are drawn; null while there is none. */
  setResult(result) {
    this.#result = result;
    this.#showMarks();
  }

  #button(value, label, onclick) {
    return h("button", { type: "button", "aria-pressed": "false", dataset: { value }, onclick }, label);
  }

  #press() {
    const shown = readShown(this.#state.show);
    for (const button of this.ranges.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.value === this.#state.range));
    for (const button of this.toggles.querySelectorAll("button")) button.setAttribute("aria-pressed", String(shown.has(button.dataset.value)));
  }

  #toggle(key) {
    const shown = readShown(this.#state.show);
    if (!shown.delete(key)) shown.add(key);
    this.#onChange({ show: writeShown(shown) });
  }

  #key(event) {
    const [action, amount] = KEYS[event.key] ?? [];
    if (!action || this.#chart === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#chart[action](amount);
  }

  #showMarks() {
    if (this.#chart === null) return;
    const shown = readShown(this.#state.show);
    this.#chart.setMarks("levels", shown.has("levels") && this.#result ? levelMarks(this.#result.levels) : []);
    this.#chart.setMarks("trade", shown.has("trade") && this.#result ? tradeMarks(this.#result.trade) : []);
  }

  /** Mark the trades of the backtest that the page shows by this strategy, or of one by the usual rules, where that is switched on. */
  async #showTrades() {
    const chart = this.#chart;
    if (chart === null) return;
    const { strategy } = this.#state;
    const isWanted = () => readShown(this.#state.show).has(TRADES.key) && this.#state.strategy === strategy;
    if (!isWanted()) {
      if (this.#backtests) await chart.setTrades(null);
      return;
    }
    try {
      this.#backtests ??= await this.#hearBacktests();
      const made = await this.#backtests.backtest(this.#ticker, strategy);
      if (isWanted()) await chart.setTrades(made);
    } catch (error) {
      if (!isWanted()) return;
      notify(`${TRADES.label}: ${error.words ?? error.message}`, { problem: true });
      if (!("status" in error)) console.error(error);
      const left = readShown(this.#state.show);
      left.delete(TRADES.key);
      this.#onChange({ show: writeShown(left) });
    }
  }

  async #hearBacktests() {
    const backtests = await import("../record/run.js");
    backtests.onBacktest(({ strategy }) => strategy === this.#state.strategy && this.#showTrades());
    return backtests;
  }

  /** Draw what is switched on, loading what is missing, and what is to be loaded again, in one request. */
  async #showOverlays(again) {
    const chart = this.#chart;
    if (chart === null) return;
    const shown = readShown(this.#state.show);
    const wanted = OVERLAYS.filter(({ key }) => shown.has(key));
    for (const { key } of OVERLAYS.filter((overlay) => !wanted.includes(overlay))) {
      this.#asked.delete(key);
      if (chart.has(key)) chart.removeOverlay(key);
    }
    const missing = wanted.filter((overlay) => again.includes(overlay) || !(chart.has(overlay.key) || this.#asked.has(overlay.key)));
    if (!missing.length) return this.#showLegend(null);
    const request = Symbol("request");
    for (const { key } of missing) this.#asked.set(key, request);
    const mine = () => missing.filter(({ key }) => this.#asked.get(key) === request);
    try {
      const keys = missing.flatMap((overlay) => overlay.keys).join(",");
      const strategy = missing.some((overlay) => overlay.byStrategy) ? this.#state.strategy : null;
      const answer = await api.get(`/series/${encodeURIComponent(this.#ticker)}`, { keys, strategy });
      for (const overlay of mine()) chart.addOverlay(overlay, answer);
      this.#showLegend(null);
    } catch (error) {
      const refused = mine().map(({ key, label }) => [key, label]);
      if (!refused.length) return;
      notify(`${refused.map(([, label]) => label).join(", ")}: ${error.words ?? error.message}`, { problem: true });
      if (!("status" in error)) console.error(error);
      const left = readShown(this.#state.show);
      for (const [key] of refused) left.delete(key);
      this.#onChange({ show: writeShown(left) });
    } finally {
      for (const { key } of mine()) this.#asked.delete(key);
    }
  }

  #showLegend(index) {
    if (this.#chart === null) return;
    const { dates, series } = this.#bars;
    const at = index ?? dates.length - 1;
    const change = at > 0 ? (series.close[at] / series.close[at - 1] - 1) * 100 : null;
    const item = (label, value, tone = "") => h("span", { class: "legend-item" }, h("span", { class: "soft" }, label), " ", h("span", { class: tone }, value));
    fill(
      this.legend,
      h("strong", {}, formatDay(dates[at])),
      ["open", "high", "low", "close"].map((key) => item(key[0].toUpperCase(), formatPrice(series[key][at]))),
      item("", formatPercent(change), toneOf(change)),
      item("Volume", formatCompact(series.volume[at])),
      this.#chart.valuesAt(at).map(({ label, color, value }) => h("span", { class: "legend-item" }, h("span", { class: `swatch of-${color}` }), label, " ", formatPrice(value))),
    );
  }

  #inWords() {
    const { dates, series } = this.#bars;
    const days = `${formatWhole(dates.length)} days from ${formatDay(dates[0])} to ${formatDay(dates.at(-1))}`;
    return `Candlestick chart of ${this.#ticker} with volume: ${days}, newest close ${formatPrice(series.close.at(-1))}. The last ${TABLE_BARS} days follow as a table.`;
  }

  #fillTable() {
    if (!this.table.open || this.#bars === null) return;
    const { dates, series } = this.#bars;
    const newest = dates
      .map((_, at) => at)
      .slice(-TABLE_BARS)
      .reverse();
    const columns = ["open", "high", "low", "close"];
    const titles = [...columns, "volume"].map((name) => h("th", { scope: "col", class: "number" }, name[0].toUpperCase() + name.slice(1)));
    const prices = (at) => columns.map((name) => h("td", { class: "number" }, formatPrice(series[name][at])));
    const row = (at) => h("tr", {}, h("th", { scope: "row" }, formatDay(dates[at])), prices(at), h("td", { class: "number" }, formatWhole(series.volume[at])));
    fill(
      this.rows,
      h(
        "div",
        { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Newest days" },
        h(
          "table",
          {},
          h("caption", { class: "visually-hidden" }, `The last ${newest.length} days of ${this.#ticker}, newest first`),
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Day"), titles)),
          h("tbody", {}, newest.map(row)),
        ),
      ),
    );
  }
}

function toneOf(change) {
  if (change === null) return "";
  return change > 0 ? "up" : change < 0 ? "down" : "";
}

function levelMarks({ support, resistance }) {
  const isNarrow = matchMedia("(max-width: 640px)").matches; // whole words would take a third of a phone's chart
  const mark =
    (name, color) =>
    ({ price, touches }) => ({ price, title: touches > 1 ? `${name} ×${touches}` : name, color, dashed: true });
  return [...support.map(mark(isNarrow ? "S" : "Support", "good")), ...resistance.map(mark(isNarrow ? "R" : "Resistance", "bad"))];
}

/** Those of a trade to buy. A short sale's are for those who ask, and are drawn for nobody. */
function tradeMarks(trade) {
  if (trade === null || trade.side === "short") return [];
  return [
    { price: trade.entry, title: "Entry", color: "accent" },
    { price: trade.stop_loss, title: "Stop", color: "warn" },
    { price: trade.target, title: "Target", color: "chart-band" },
  ];
}
