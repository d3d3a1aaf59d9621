// What is set for all files in one place: for those in a list, or for those in an archive.

import { h } from "../dom.js";
import { field, select } from "../widgets.js";

const ORDERS = [
  ["", "as each file tells"],
  ["dmy", "day first"],
  ["mdy", "month first"],
];

/**
 * The settings. `changed(settings)` hears of each; `settings()` are those that are set, for files that come later. Has `element`.
 * @param {string} id - that the ids of the controls begin with
 * @param {[string, string][]} modes - what may become of the prices stored before
 * @param {(settings: {mode?: string, dates?: string, leavesOut?: boolean}) => void} changed
 */
export function forAll(id, modes, changed) {
  const mode = select(`${id}-mode`, modes, modes[0][0], () => mode.value && changed({ mode: mode.value }));
  const dates = select(`${id}-dates`, ORDERS, "", () => changed({ dates: dates.value }));
  const leavesOut = h("input", { id: `${id}-leave-out`, type: "checkbox", onchange: () => changed({ leavesOut: leavesOut.checked }) });
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
