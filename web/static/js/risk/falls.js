// The deepest falls, with how long each took to be made good.

import { formatReturn, table } from "../evidence/figures.js";
import { formatDay, formatWhole } from "../format.js";

const DAY_MILLISECONDS = 86400000;
const days = (from, to) => formatWhole(Math.round((Date.parse(to) - Date.parse(from)) / DAY_MILLISECONDS));

export function fallTable(falls) {
  const columns = [
    { title: "Highest close", cell: ({ peak }) => formatDay(peak) },
    { title: "Fall", style: "number", cell: ({ depth }) => formatReturn(depth) },
    { title: "Lowest close", cell: ({ trough }) => formatDay(trough) },
    { title: "As high again", cell: ({ recovered }) => (recovered ? formatDay(recovered) : "not yet") },
    { title: "Days down", style: "number", cell: ({ peak, trough }) => days(peak, trough) },
    { title: "Days up", style: "number", cell: ({ trough, recovered }) => (recovered ? days(trough, recovered) : "–") },
  ];
  return table("The deepest falls", columns, falls, { style: "as-cards" });
}
