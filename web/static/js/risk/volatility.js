// The volatility of the quarter up to each day.

import { svg } from "../dom.js";
import { formatHit } from "../evidence/figures.js";
import { canvas, path, picture, scale, ticks } from "../evidence/picture.js";
import { formatDay, formatShare } from "../format.js";

const HEIGHT = 240;
const PAD = { left: 44, right: 12, top: 12, bottom: 30 };

/** @param {string[]} days @param {(number | null)[]} volatility @param {number | null} whole - of all days together */
export function volatilityPicture(days, volatility, whole) {
  const known = volatility.flatMap((value, at) => (value === null ? [] : [at]));
  const values = known.map((at) => Number(volatility[at]));
  const highest = Math.max(...values);
  const [calm, wild] = [known[values.indexOf(Math.min(...values))], known[values.indexOf(highest)]];
  const words = `The volatility of each quarter: lowest ${formatHit(volatility[calm])} on ${formatDay(days[calm])}, highest ${formatHit(volatility[wild])} on ${formatDay(days[wild])}.`;
  return picture((width) => {
    const x = scale([known[0], days.length - 1], [PAD.left, width - PAD.right]);
    const y = scale([0, highest], [HEIGHT - PAD.bottom, PAD.top]);
    const every = Math.max(1, Math.floor(known.length / (2 * width))); // more points than pixels are none to be seen
    const points = known.filter((_, at) => at % every === 0 || at === known.length - 1).map((at) => /** @type {[number, number]} */ ([x(at), y(volatility[at])]));
    return canvas(
      width,
      HEIGHT,
      words,
      ticks(0, highest, 4).map((value) => [
        svg("line", { class: "grid-line", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis-label", x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, formatShare(value)),
      ]),
      svg("path", { class: "volatility-line", d: path(points) }),
      whole !== null && svg("line", { class: "mark-line", x1: PAD.left, x2: width - PAD.right, y1: y(whole), y2: y(whole) }),
      [
        [known[0], "start"],
        [days.length - 1, "end"],
      ].map(([at, anchor]) => svg("text", { class: "axis-label", x: x(at), y: HEIGHT - 8, "text-anchor": anchor }, formatDay(days[Number(at)]))),
    );
  });
}
