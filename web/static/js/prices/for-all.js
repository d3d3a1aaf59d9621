// What is set for all files in one place.

import { h } from "../dom.js";
import { field, select } from "../widgets.js";
import { MODES } from "./file-row.js";

const ORDERS = [
  ["", "as each file tells"],
  ["dmy", "day first"],
  ["mdy", "month first"],
];

/** The settings. `changed(settings)` hears of each; `settings()` are those that are set, for files that come later. Has `element`. */
export function forAll(changed) {
  const mode = select("all-mode", [["", "as set at each file"], ...MODES], "", () => mode.value && changed({ mode: mode.value }));
  const dates = select("all-dates", ORDERS, "", () => changed({ dates: dates.value }));
  const leavesOut = h("input", { id: "all-leave-out", type: "checkbox", onchange: () => changed({ leavesOut: leavesOut.checked }) });
  const element = h(
    "fieldset",
    { class: "for-all row" },
    h("legend", {}, "For all files"),
    field("Prices stored before", mode),
    field("Dates", dates),
    h("label", { class: "row", for: leavesOut.id }, leavesOut, "Leave out rows with faults"),
  );
  const settings = () => ({ mode: mode.value || null, dates: dates.value || null, leavesOut: leavesOut.checked || null });
  return { element, settings };
}
