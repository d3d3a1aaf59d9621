// The levels of an index by day, alone or beside something else.

import { equityPicture } from "../evidence/equity.js";

/** The drawdown at each value. @param {number[]} values */
function fallsOf(values) {
  let highest = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    highest = Math.max(highest, value);
    return value / highest - 1;
  });
}

/**
 * @param {string} name
 * @param {string[]} days
 * @param {number[]} values
 * @param {{name: string, values: number[]} | null} other - on the same days
 */
export function levelsPicture(name, days, values, other = null) {
  const lines = { dates: days, values, drawdown: fallsOf(values), benchmark: other?.values ?? null, benchmark_drawdown: other && fallsOf(other.values) };
  const beside = other?.name ?? "";
  return equityPicture(lines, { own: name, other: beside, legend: name, ownBy: `in ${name}`, otherBy: `in ${beside}` });
}
