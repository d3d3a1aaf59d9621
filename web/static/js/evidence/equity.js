// What some capital became, mostly beside something else, with the fall from the highest point below.

import { fill, h, svg } from "../dom.js";
import { formatCompact, formatDay, formatPercent, formatWhole } from "../format.js";
import { formatReturn, table } from "./figures.js";
import { canvas, endLabels, path, picture, scale, ticks } from "./picture.js";

const TOP = { from: 14, to: 250 }; // pixels
const LOW = { from: 284, to: 374 };
const HEIGHT = 404;
const LEFT = 50;
const NARROW = 480; // pixels of width, below which the words stand below the picture
const STEEP = 4; // the highest over the lowest value, from which on equal distances are equal growth
const LEADERS = [1, 2, 5];
const OF_BACKTEST = { own: "strategy", other: "buy and hold", legend: "the strategy, after costs", ownBy: "by the strategy", otherBy: "by buy and hold" };

/**
 * @param {any} equity - dates, values, drawdown; benchmark and benchmark_drawdown, or null without one; the other line need not fall
 * @param {typeof OF_BACKTEST} names - what the two lines are called
 */
export function equityPicture(equity, names = OF_BACKTEST) {
  const { dates, values, benchmark, drawdown, benchmark_drawdown: fell } = equity;
  const reading = h("p", { class: "equity-reading small", "aria-hidden": "true" });
  const say = (at) =>
    fill(
      reading,
      h("strong", {}, formatDay(dates[at])),
      ` ${names.own} ${formatWhole(values[at])} (${growth(values, at)})`,
      benchmark && `, ${names.other} ${formatWhole(benchmark[at])} (${growth(benchmark, at)})`,
    );
  const last = dates.length - 1;
  say(last);
  const all = [...values, ...(benchmark ?? [])].filter((value) => value > 0);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const isLog = high / low > STEEP && Math.min(...values) > 0;
  const height = isLog ? Math.log : (value) => value;
  const deepest = Math.min(-0.01, ...drawdown, ...(fell ?? []));
  const shown = picture((width) => {
    const right = width - (width < NARROW ? 10 : 104);
    const x = scale([0, last], [LEFT, right]);
    const onTop = scale(/** @type {[number, number]} */ ([isLog ? low : Math.min(low, ...values), high].map(height)), [TOP.to, TOP.from]);
    const y = (value) => onTop(height(value));
    const below = scale([deepest, 0], [LOW.to, LOW.from]);
    const every = Math.max(1, Math.floor(dates.length / (2 * width))); // more points than pixels are none to be seen
    const places = dates.map((_, at) => at).filter((at) => at % every === 0 || at === last);
    const line = (row, to) => path(places.map((at) => /** @type {[number, number]} */ ([x(at), to(row[at])])));
    const pointer = svg("line", { class: "pointer", x1: -9, x2: -9, y1: TOP.from, y2: LOW.to });
    const picture = canvas(
      width,
      HEIGHT,
      inWords(equity, names),
      (isLog ? logTicks(low, high) : ticks(low, high)).map((value) => gridLine(y(value), right, formatCompact(value))),
      ticks(deepest, 0, 3).map((value) => gridLine(below(value), right, `${Math.round(100 * value)}%`)),
      years(dates, width).map(({ at, year }) => svg("text", { class: "axis-label", x: x(at), y: HEIGHT - 8, "text-anchor": "middle" }, year)),
      svg("path", { class: "drawdown-area", d: `${line(drawdown, below)}L${x(last).toFixed(1)} ${below(0)}L${LEFT} ${below(0)}Z` }),
      fell && svg("path", { class: "hold-line", d: line(fell, below) }),
      svg("text", { class: "axis-label strong", x: LEFT + 4, y: LOW.from - 8 }, "Below the highest point so far"),
      benchmark && svg("path", { class: "hold-line", d: line(benchmark, y) }),
      svg("path", { class: "equity-line", d: line(values, y) }),
      width >= NARROW &&
        endLabels([{ y: y(values[last]), text: names.own, style: "strong" }, ...(benchmark ? [{ y: y(benchmark[last]), text: names.other, style: "base" }] : [])], right + 8, {
          low: TOP.from,
          high: TOP.to,
        }),
      pointer,
    );
    const point = (event) => {
      const at = Math.round(((event.clientX - picture.getBoundingClientRect().left - LEFT) / (right - LEFT)) * last);
      const within = Math.min(Math.max(at, 0), last);
      for (const name of ["x1", "x2"]) pointer.setAttribute(name, String(x(within)));
      say(within);
    };
    picture.addEventListener("pointermove", point);
    picture.addEventListener("pointerdown", point);
    picture.addEventListener("pointerleave", () => {
      for (const name of ["x1", "x2"]) pointer.setAttribute(name, "-9");
      say(last);
    });
    return picture;
  });
  const item = (style, words) =>
    h("span", { class: "picture-key" }, svg("svg", { viewBox: "0 0 28 16", width: 28, height: 16, "aria-hidden": "true" }, svg("path", { class: style, d: "M2 8H26" })), words);
  const legend = h("p", { class: "picture-legend small soft" }, item("equity-line", names.legend), benchmark && item("hold-line", names.other), isLog && "Equal distances are equal growth.");
  return [reading, shown, legend];
}

const growth = (row, at) => formatPercent(100 * (row[at] / row[0] - 1));

const gridLine = (y, right, words) => [
  svg("line", { class: "grid-line", x1: LEFT, x2: right, y1: y, y2: y }),
  svg("text", { class: "axis-label", x: LEFT - 8, y: y + 4, "text-anchor": "end" }, words),
];

function logTicks(low, high) {
  const first = Math.floor(Math.log10(low));
  const count = Math.ceil(Math.log10(high)) - first + 1;
  const powers = Array.from({ length: count }, (_, at) => 10 ** (first + at));
  return powers.flatMap((power) => LEADERS.map((leader) => leader * power)).filter((value) => value >= low && value <= high);
}

const capitalized = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** The first day of each year, or of every second, fifth …, as far as there is room. */
function years(dates, width) {
  const all = dates.flatMap((day, at) => (at > 0 && day.slice(0, 4) !== dates[at - 1].slice(0, 4) ? [{ at, year: day.slice(0, 4) }] : []));
  const room = Math.max(1, Math.floor((width - LEFT) / 60));
  const step = Math.ceil(all.length / room);
  return all.filter((_, at) => at % step === 0);
}

function inWords({ dates, values, benchmark, drawdown, benchmark_drawdown: fell }, { ownBy: own, otherBy: other }) {
  const last = dates.length - 1;
  const deepest = (row) => formatReturn(Math.min(...row));
  const beside = benchmark ? `, and ${formatWhole(benchmark[last])} ${other}${fell ? ` (deepest fall ${deepest(fell)})` : ""}` : "";
  return `From ${formatDay(dates[0])} to ${formatDay(dates[last])}, ${formatWhole(values[0])} became ${formatWhole(values[last])} ${own} (deepest fall ${deepest(drawdown)})${beside}.`;
}

/** The same by year: what each year brought, and the deepest fall in it. */
export function yearTable({ dates, values, benchmark, drawdown, benchmark_drawdown: fell }, { own, other } = OF_BACKTEST) {
  /** @type {{year: string, from: number, to: number}[]} */
  const all = [];
  for (const [at, day] of dates.entries()) {
    const year = day.slice(0, 4);
    const newest = all.at(-1);
    if (newest && newest.year === year) newest.to = at;
    else all.push({ year, from: Math.max(0, at - 1), to: at });
  }
  const over = (row, { from, to }) => formatReturn(row[to] / row[from] - 1);
  const deepest = (row, { from, to }) => formatReturn(Math.min(...row.slice(from, to + 1)));
  const columns = [
    { title: "Year", cell: ({ year }) => year },
    { title: capitalized(own), style: "number", cell: (year) => over(values, year) },
    { title: capitalized(other), style: "number", cell: (year) => over(benchmark, year) },
    { title: `Deepest fall, ${own}`, style: "number", cell: (year) => deepest(drawdown, year) },
    ...(fell ? [{ title: `Deepest fall, ${other}`, style: "number", cell: (year) => deepest(fell, year) }] : []),
  ];
  return table("What each year brought", columns, all, { style: "capped" });
}
