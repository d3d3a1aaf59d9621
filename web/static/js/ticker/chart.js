// The chart: candles with volume, lines over them, panes below them, and price lines.

import { BaselineSeries, CandlestickSeries, createChart, HistogramSeries, LineSeries } from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { h } from "../dom.js";
import { candleOptions, chartOptions, guideOptions, histogramColor, lineOptions, markOptions, timeOf, volumeColor } from "./chart-style.js";
import { onThemeChange, readTheme } from "./chart-theme.js";
import { RANGES } from "./overlays.js";
import { Tags } from "./tags.js";

const KINDS = { line: LineSeries, dashed: LineSeries, dots: LineSeries, histogram: HistogramSeries, baseline: BaselineSeries };
const PRICE_PANE_SHARE = 4; // of the height, to 1 for every other pane
const RIGHT_MARGIN = 0.04; // of the bars shown
const SMALLEST_SPAN = 10; // bars
const FONT_SIZE = 12;
const PAPER_WIDTH = 520; // of the 700 pixels that A4 has, beside the tags
const PAPER_SHARPNESS = 2; // pixels of the picture for each of the page: paper shows more than a screen

/**
 * A chart in a container. What is drawn is told by the container's data attributes: data-bars, data-first, data-last, data-last-close,
 * data-drawn-at (milliseconds since navigation), data-overlays ({line: {values, last}}) and data-price-lines ([{title, price}]), as JSON; and data-trade-marks, their number.
 */
export class PriceChart {
  #container;
  #chart;
  #candles;
  #volume;
  #theme = readTheme();
  /** @type {{dates: string[], series: Record<string, any[]>}} */
  #bars = { dates: [], series: {} };
  #range = "1Y";
  #overlays = new Map(); // key → {overlay, drawn: [{spec, series, data}]}
  #marks = new Map(); // key → [{price, title, color, dashed}]
  #lines = [];
  #isPlacing = false;
  /** @type {any} */
  #seen = null; // the bars in sight, as long as the chart is
  #isSeen = false;
  #tags = new Tags();
  /** @type {import("./trade-marks.js").TradeMarks | null} */
  #trades = null;
  #paper = h("div", { class: "chart-paper", "aria-hidden": "true" });

  /** `onPoint(index)` hears which bar is pointed at, null for none. The names of the price lines stand beside the container. */
  constructor(container, onPoint) {
    container.after(this.#paper, this.#tags.element);
    this.#container = container;
    this.#chart = createChart(container, {
      ...chartOptions(this.#theme),
      autoSize: true,
      handleScroll: { mouseWheel: false, vertTouchDrag: false },
      handleScale: { mouseWheel: false }, // until it is focused: a page that is scrolled shall not stop at its chart
    });
    this.#chart.timeScale().applyOptions({ minBarSpacing: 0.02, lockVisibleTimeRangeOnResize: true, rightBarStaysOnScroll: true });
    this.#candles = this.#chart.addSeries(CandlestickSeries, { ...candleOptions(this.#theme), autoscaleInfoProvider: (standard) => this.#withMarks(standard()) });
    this.#volume = this.#chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceLineVisible: false, lastValueVisible: false, priceFormat: { type: "volume" } });
    this.#chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.#chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 }, entireTextOnly: true });
    this.#chart.subscribeCrosshairMove(({ logical }) => onPoint(logical === undefined || !this.#bars.dates[logical] ? null : logical));
    this.#candles.attachPrimitive({ updateAllViews: () => this.#placeTags() }); // called whenever the chart is about to be painted
    container.addEventListener("focus", () => this.#allowWheel(true));
    container.addEventListener("blur", () => this.#allowWheel(false));
    container.addEventListener("pointerdown", () => container.focus({ preventScroll: true }));
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (this.#isSeen && container.clientWidth > 0) this.#seen = range;
    });
    new ResizeObserver(() => this.#reveal(container.clientWidth > 0)).observe(container);
    onThemeChange(() => this.#repaint());
    addEventListener("beforeprint", () => this.#toPaper());
  }

  /**
   * Put a picture of the chart, as wide as paper and in its colours, where only paper shows it. Printing waits for nothing, and the chart itself
   * would paint for it too late.
   */
  #toPaper() {
    const { clientWidth: width, clientHeight: height } = this.#container;
    if (!this.#bars.dates.length || !width) return;
    const theme = this.#theme;
    this.#chart.applyOptions({ autoSize: false, layout: { fontSize: FONT_SIZE * PAPER_SHARPNESS } });
    this.#repaint(readTheme());
    this.#chart.resize(PAPER_WIDTH * PAPER_SHARPNESS, height * PAPER_SHARPNESS, true);
    const picture = this.#chart.takeScreenshot();
    picture.style.setProperty("height", `${height}px`);
    this.#paper.replaceChildren(picture);
    const prices = [...this.#marks.values()].flat().map(({ price }) => price);
    const lines = new Map(prices.map((price) => [price, this.#yOf(price, PAPER_SHARPNESS)]));
    const paneHeight = this.#paneHeight / PAPER_SHARPNESS;
    this.#chart.applyOptions({ layout: { fontSize: FONT_SIZE } });
    this.#repaint(theme);
    this.#chart.resize(width, height, true);
    this.#chart.applyOptions({ autoSize: true });
    this.#tags.place((price) => lines.get(price) ?? null, paneHeight); // those of the page are placed again when it is painted
  }

  #yOf(price, scale = 1) {
    const y = this.#candles.priceToCoordinate(price);
    return y === null ? null : y / scale;
  }

  get #paneHeight() {
    return this.#chart.panes()[0].getHeight();
  }

  /** Draw an answer of GET /series with open, high, low, close and volume. */
  setBars(bars) {
    this.#bars = bars;
    const { open, high, low, close } = bars.series;
    this.#candles.setData(bars.dates.map((day, at) => ({ time: timeOf(day), open: open[at], high: high[at], low: low[at], close: close[at] })));
    this.#drawVolume();
    this.setRange(this.#range);
    this.#tellDrawn();
  }

  /** Show the last months, or all; see RANGES. */
  setRange(name) {
    this.#range = name;
    this.#seen = null;
    const { dates } = this.#bars;
    if (!dates.length) return;
    const months = RANGES[name];
    let from = 0;
    if (months !== null) {
      const start = new Date(`${dates.at(-1)}T00:00:00Z`);
      start.setUTCMonth(start.getUTCMonth() - months);
      const day = start.toISOString().slice(0, 10);
      from = Math.max(
        0,
        dates.findIndex((date) => date >= day),
      );
    }
    this.#show(from - 0.5, dates.length - 1 + Math.max(1, (dates.length - from) * RIGHT_MARGIN));
  }

  /** A chart that comes into sight shows the bars of before: without any width it has lost them. */
  #reveal(isSeen) {
    if (isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    if (!isSeen) return;
    if (this.#seen) this.#show(this.#seen.from, this.#seen.to);
    else this.setRange(this.#range);
  }

  /** Move by a part of what is shown; to the right when positive. */
  scroll(part) {
    const { from, to } = this.#chart.timeScale().getVisibleLogicalRange() ?? {};
    if (from === undefined) return;
    const step = (to - from) * part;
    this.#show(from + step, to + step);
  }

  /** Show more (factor above 1) or fewer bars, up to the same right end. */
  zoom(factor) {
    const { from, to } = this.#chart.timeScale().getVisibleLogicalRange() ?? {};
    if (from === undefined) return;
    const span = Math.min(Math.max((to - from) * factor, SMALLEST_SPAN), this.#bars.dates.length * 1.1);
    this.#show(to - span, to);
  }

  has(key) {
    return this.#overlays.has(key);
  }

  /** Draw an overlay of overlays.js of an answer of GET /series, in the place of what it drew before. */
  addOverlay(overlay, { dates, series }) {
    const times = dates.map(timeOf);
    const data = (spec) => series[spec.line].map((value, at) => (value === null ? { time: times[at] } : { time: times[at], value }));
    const before = this.#overlays.get(overlay.key);
    const drawn = before?.drawn ?? this.#addSeries(overlay);
    for (const entry of drawn) {
      entry.data = data(entry.spec);
      this.#setLine(entry);
    }
    this.#overlays.set(overlay.key, { overlay, drawn });
    this.#tellOverlays();
  }

  removeOverlay(key) {
    for (const { series } of this.#overlays.get(key)?.drawn ?? []) this.#chart.removeSeries(series); // an empty pane goes by itself
    this.#overlays.delete(key);
    this.#sizePanes();
    this.#tellOverlays();
  }

  /** Price lines ([{price, title, color, dashed}]) in the place of those set before under the key. */
  setMarks(key, marks) {
    this.#marks.set(key, marks);
    for (const line of this.#lines) this.#candles.removePriceLine(line);
    const all = [...this.#marks.values()].flat();
    this.#lines = all.map((mark) => this.#candles.createPriceLine(markOptions(mark, this.#theme)));
    this.#tags.setMarks(all);
    this.#placeTags();
    this.#container.dataset.priceLines = JSON.stringify(all.map(({ title, price }) => ({ title, price })));
  }

  /** Mark the trades of a backtest; null for none. @param {any} backtest */
  async setTrades(backtest) {
    if (backtest === null && this.#trades === null) return;
    const { TradeMarks } = await import("./trade-marks.js");
    this.#trades ??= new TradeMarks(this.#chart, this.#candles);
    this.#trades.set(backtest, this.#theme);
    this.#container.dataset.tradeMarks = String(this.#trades.count);
  }

  /** In the next frame, when the chart has been laid out. */
  #placeTags() {
    if (this.#isPlacing) return;
    this.#isPlacing = true;
    requestAnimationFrame(() => {
      this.#isPlacing = false;
      this.#tags.place((price) => this.#yOf(price), this.#paneHeight);
    });
  }

  /** The overlays' values at a bar: [{label, color, value}]; value null where there is none. */
  valuesAt(index) {
    return [...this.#overlays.values()].flatMap(({ drawn }) => drawn.map(({ spec, series }) => ({ label: spec.label, color: spec.color, value: series.dataByIndex(index)?.value ?? null })));
  }

  #addSeries({ lines, pane }) {
    const index = pane ? this.#chart.panes().length : 0;
    const drawn = lines.map((spec) => ({ spec, pane, series: this.#chart.addSeries(KINDS[spec.kind], lineOptions(spec, pane, this.#theme), index), data: [], guides: [] }));
    if (pane) {
      drawn[0].series.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.12 }, entireTextOnly: true });
      drawn[0].guides = pane.guides.map((price) => drawn[0].series.createPriceLine(guideOptions(price, this.#theme)));
      this.#sizePanes();
    }
    return drawn;
  }

  #setLine({ spec, series, data }) {
    series.setData(spec.kind === "histogram" ? data.map((point) => ("value" in point ? { ...point, color: histogramColor(this.#theme, point.value) } : point)) : data);
  }

  #drawVolume() {
    const { open, close, volume } = this.#bars.series;
    this.#volume.setData(this.#bars.dates.map((day, at) => ({ time: timeOf(day), value: volume[at], color: volumeColor(this.#theme, close[at] >= open[at]) })));
  }

  #sizePanes() {
    const panes = this.#chart.panes();
    for (const [at, pane] of panes.entries()) pane.setStretchFactor(at === 0 ? PRICE_PANE_SHARE : 1);
    this.#container.style.setProperty("--panes", panes.length - 1);
  }

  #show(from, to) {
    this.#chart.timeScale().setVisibleLogicalRange({ from, to });
  }

  /** The price range, wide enough for the price lines while the newest bar is in sight: they are about it. */
  #withMarks(standard) {
    const prices = [...this.#marks.values()].flat().map(({ price }) => price);
    const seen = this.#chart.timeScale().getVisibleLogicalRange();
    if (!standard?.priceRange || !prices.length || !seen || seen.to < this.#bars.dates.length - 1) return standard;
    const { minValue, maxValue } = standard.priceRange;
    return { ...standard, priceRange: { minValue: Math.min(minValue, ...prices), maxValue: Math.max(maxValue, ...prices) } };
  }

  #allowWheel(allowed) {
    this.#chart.applyOptions({ handleScale: { mouseWheel: allowed }, handleScroll: { mouseWheel: allowed } });
  }

  #repaint(theme = readTheme()) {
    this.#theme = theme;
    this.#chart.applyOptions(chartOptions(this.#theme));
    this.#candles.applyOptions(candleOptions(this.#theme));
    this.#drawVolume();
    for (const { drawn } of this.#overlays.values()) {
      for (const entry of drawn) {
        entry.series.applyOptions(lineOptions(entry.spec, entry.pane, this.#theme));
        this.#setLine(entry);
        for (const guide of entry.guides) guide.applyOptions(guideOptions(guide.options().price, this.#theme));
      }
    }
    for (const [key, marks] of this.#marks) this.setMarks(key, marks);
    this.#trades?.paint(theme);
  }

  #tellDrawn() {
    // The library paints in the next frame; the one after it begins when that is done.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const data = this.#candles.data();
        Object.assign(this.#container.dataset, {
          bars: data.length,
          first: this.#bars.dates[0],
          last: this.#bars.dates.at(-1),
          lastClose: data.at(-1).close,
          drawnAt: Math.round(performance.now()),
        });
        performance.mark("chart-drawn");
      }),
    );
  }

  #tellOverlays() {
    const drawn = [...this.#overlays.values()].flatMap((entry) => entry.drawn);
    const told = drawn.map(({ spec, series }) => {
      const values = series.data().filter((point) => "value" in point);
      return [spec.line, { values: values.length, last: values.at(-1)?.value ?? null }];
    });
    this.#container.dataset.overlays = JSON.stringify(Object.fromEntries(told));
  }
}
