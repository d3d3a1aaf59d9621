// The closes of the stored prices and of a file over each other.

import { h } from "../dom.js";
import { formatDay, formatPrice } from "../format.js";

const HEIGHT = 220;
const DIFFERS = 1e-4; // of a close: two that differ by less are drawn on one point

/** A figure of old and new closes, drawn once it is in the page; null where there is nothing to draw. */
export function closesChart(closes) {
  const { dates, stored, file } = closes;
  if (dates.length < 2) return null;
  const isCompared = stored.some((close) => close !== null);
  const canvas = h("div", { class: "closes-canvas", "aria-hidden": "true", style: { "--height": `${HEIGHT}px` } });
  const lines = isCompared ? [h("span", { class: "line-stored" }, "stored now"), " ", h("span", { class: "line-file" }, "in the file")] : [h("span", { class: "line-file" }, "in the file")];
  const figure = h(
    "figure",
    { class: "closes" },
    canvas,
    h("figcaption", { class: "small soft" }, `Closes ${formatDay(dates[0])} to ${formatDay(dates.at(-1))}: `, lines, `. ${isCompared ? comparisonIn(closes) : ""}`),
  );
  // The library is loaded for the first file that is looked at.
  import("./closes-canvas.js").then(({ draw }) => draw(canvas, { dates, stored: isCompared ? stored : [], file })).catch(() => canvas.remove());
  return figure;
}

/** What the chart shows, in words. */
function comparisonIn({ dates, stored, file }) {
  const common = dates.map((_, at) => at).filter((at) => stored[at] !== null && file[at] !== null);
  if (!common.length) return "They have no day in common.";
  const differing = common.filter((at) => Math.abs(file[at] / stored[at] - 1) > DIFFERS);
  if (!differing.length) return `They agree on all ${common.length} common days shown.`;
  const at = differing.at(-1);
  return `They differ on ${differing.length} of ${common.length} common days shown, on ${formatDay(dates[at])} by ${formatPrice(stored[at])} to ${formatPrice(file[at])}.`;
}
