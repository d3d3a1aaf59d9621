// Draws old and new closes; apart from closes-chart.js, because it brings the chart library with it.

import { createChart, LineSeries, LineStyle } from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { chartOptions, timeOf } from "../ticker/chart-style.js";
import { onThemeChange, readTheme } from "../ticker/chart-theme.js";

/** Draw two lines into a container, the stored closes below and the file's dashed over them. `data-points` tells how many of each there are. */
export function draw(container, { dates, stored, file }) {
  const theme = readTheme();
  const chart = createChart(container, { ...chartOptions(theme), autoSize: true, handleScroll: false, handleScale: false });
  const options = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false };
  const old = chart.addSeries(LineSeries, { ...options, lineWidth: 3, color: theme.soft });
  const fresh = chart.addSeries(LineSeries, { ...options, lineWidth: 2, lineStyle: LineStyle.Dashed, color: theme.accent });
  const points = { stored: pointsOf(dates, stored), file: pointsOf(dates, file) };
  old.setData(points.stored);
  fresh.setData(points.file);
  new ResizeObserver(() => chart.timeScale().fitContent()).observe(container);
  container.dataset.points = JSON.stringify({ stored: points.stored.length, file: points.file.length });
  onThemeChange(() => {
    const now = readTheme();
    chart.applyOptions(chartOptions(now));
    old.applyOptions({ color: now.soft });
    fresh.applyOptions({ color: now.accent });
  });
}

function pointsOf(dates, closes) {
  return closes.flatMap((close, at) => (close === null ? [] : [{ time: timeOf(dates[at]), value: close }]));
}
