// How the chart's parts look, of the page's colours.

import { ColorType, CrosshairMode, LineStyle } from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { dateLanguage, formatPrice } from "../format.js";
import { withAlpha } from "./chart-theme.js";

const PRICE_FORMAT = { type: "custom", minMove: 0.0001, formatter: formatPrice };
const PLAIN_FORMAT = { type: "custom", minMove: 0.01, formatter: formatPrice };

/** A day as the chart's time: seconds since 1970. */
export const timeOf = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;

export function chartOptions(theme) {
  return {
    layout: {
      background: { type: ColorType.Solid, color: theme.card },
      textColor: theme.soft,
      fontFamily: getComputedStyle(document.body).fontFamily,
      attributionLogo: false, // it adds a <style> element, which the Content-Security-Policy refuses; the page has the credit
      panes: { separatorColor: theme.line, separatorHoverColor: withAlpha(theme.accent, 0.3) },
    },
    grid: { vertLines: { color: withAlpha(theme.line, 0.5) }, horzLines: { color: withAlpha(theme.line, 0.5) } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: { color: theme.soft, labelBackgroundColor: theme.accent }, horzLine: { color: theme.soft, labelBackgroundColor: theme.accent } },
    rightPriceScale: { borderColor: theme.line },
    timeScale: { borderColor: theme.line },
    localization: { locale: dateLanguage },
  };
}

export function candleOptions(theme) {
  return {
    upColor: theme.card, // hollow when it rose, filled when it fell: not told by colour alone
    downColor: theme.bad,
    borderUpColor: theme.good,
    borderDownColor: theme.bad,
    wickUpColor: theme.good,
    wickDownColor: theme.bad,
    priceLineColor: theme.soft,
    priceFormat: PRICE_FORMAT,
  };
}

export function volumeColor(theme, rose) {
  return withAlpha(rose ? theme.good : theme.bad, 0.35);
}

export function histogramColor(theme, value) {
  return withAlpha(value < 0 ? theme.bad : theme.good, 0.6);
}

/** A line of overlays.js as the library's options. */
export function lineOptions({ kind, color }, pane, theme) {
  const options = {
    priceLineVisible: false,
    lastValueVisible: Boolean(pane) && kind !== "histogram",
    crosshairMarkerVisible: false,
    priceFormat: pane ? PLAIN_FORMAT : PRICE_FORMAT,
    lineWidth: 1,
    color: theme[color],
  };
  if (kind === "dashed") options.lineStyle = LineStyle.Dashed;
  if (kind === "dots") Object.assign(options, { lineVisible: false, pointMarkersVisible: true, pointMarkersRadius: 1.5 });
  if (kind === "baseline") {
    Object.assign(options, {
      baseValue: { type: "price", price: 0 },
      topLineColor: theme.good,
      topFillColor1: withAlpha(theme.good, 0.35),
      topFillColor2: withAlpha(theme.good, 0.05),
      bottomLineColor: theme.bad,
      bottomFillColor1: withAlpha(theme.bad, 0.05),
      bottomFillColor2: withAlpha(theme.bad, 0.35),
    });
  }
  if (pane?.range) {
    const [minValue, maxValue] = pane.range;
    options.autoscaleInfoProvider = () => ({ priceRange: { minValue, maxValue } });
  }
  return options;
}

export function guideOptions(price, theme) {
  return { price, color: withAlpha(theme.soft, 0.7), lineWidth: 1, lineStyle: LineStyle.Dotted, axisLabelVisible: false, title: "" };
}

/** A price line; its name and price stand in tags.js's column. */
export function markOptions({ price, color, dashed }, theme) {
  return { price, title: "", color: theme[color], lineWidth: 1, lineStyle: dashed ? LineStyle.Dashed : LineStyle.Solid, axisLabelVisible: false };
}
