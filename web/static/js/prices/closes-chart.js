// The closes of the stored prices and of a file over each other.

import { h } from "../dom.js";
import { formatCount, formatDay, formatPrice, formatWhole } from "../format.js";

const HEIGHT = 220;

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

/** How the two compare, in words: on all days that both have, not only on those that are drawn. */
function comparisonIn({ common_days: common, differing_days: differing, last_difference: last }) {
  if (!common) return "They have no day in common.";
  if (!differing) return common === 1 ? "They agree on the one day that both have." : `They agree on all ${formatWhole(common)} days that both have.`;
  return `They differ on ${formatWhole(differing)} of ${formatCount(common, "day", "days")} that both have, last on ${formatDay(last.day)}: ${formatPrice(last.stored)} stored, ${formatPrice(last.file)} in the file.`;
}
