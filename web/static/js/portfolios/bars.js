// Amounts by month as bars, the newest on the right; a table has the same in numbers.

import { h, svg } from "../dom.js";
import { canvas, picture, scale, ticks } from "../evidence/picture.js";
import { formatCompact } from "../format.js";

const HEIGHT = 200;
const PAD = { left: 50, right: 8, top: 14, bottom: 28 };
const GAP = 2;
const LEAST_WIDTH = 10; // pixels of a bar; of more months than fit, the newest are shown
const MOST_WIDTH = 60;

/** @param {{month: string, amount: number}[]} months @param {string} words */
export function monthBars(months, words) {
  const draw = (width) => {
    const room = Math.max(1, Math.floor((width - PAD.left - PAD.right) / LEAST_WIDTH));
    const shown = months.slice(-room);
    const low = Math.min(0, ...shown.map(({ amount }) => amount));
    const high = Math.max(0, ...shown.map(({ amount }) => amount)) || 1;
    const y = scale([low, high], [HEIGHT - PAD.bottom, PAD.top]);
    const step = Math.min(MOST_WIDTH, (width - PAD.left - PAD.right) / shown.length);
    const years = shown.map(({ month }, at) => ({ at, year: month.slice(0, 4) })).filter(({ at, year }) => at === 0 || shown[at - 1].month.slice(0, 4) !== year);
    return canvas(
      width,
      HEIGHT,
      words,
      ticks(low, high, 4).map((value) => [
        svg("line", { class: value === 0 ? "grid-line zero" : "grid-line", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis-label", x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, formatCompact(value)),
      ]),
      shown.map(({ month, amount }, at) =>
        svg(
          "rect",
          { class: "bar", x: PAD.left + at * step + GAP / 2, width: Math.max(step - GAP, 1), y: Math.min(y(amount), y(0)), height: Math.max(Math.abs(y(amount) - y(0)), 0.5) },
          svg("title", {}, `${month}: ${amount.toFixed(2)}`),
        ),
      ),
      years.map(({ at, year }) => svg("text", { class: "axis-label", x: PAD.left + at * step, y: HEIGHT - 8 }, year)),
    );
  };
  return h("div", { class: "bars" }, picture(draw));
}
