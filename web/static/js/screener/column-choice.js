// The choice of columns: a list of check boxes that opens below its button, and closes by Escape.

import { byId, fill, h } from "../dom.js";
import { COLUMNS, DEFAULT_COLUMNS, GROUPS } from "./columns.js";

/** Make the choice work; `onChange(text)` is called with the names of the chosen columns. */
export function wireColumns(onChange) {
  const panel = byId("columns");
  const summary = /** @type {HTMLElement} */ (panel.querySelector("summary"));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel.hasAttribute("open")) return;
    panel.removeAttribute("open");
    summary.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!panel.contains(/** @type {Node} */ (event.target))) panel.removeAttribute("open");
  });
  const box = ({ key, title }) => h("label", { class: "choice" }, h("input", { type: "checkbox", name: "column", value: key }), title);
  const usual = h("button", { type: "button", class: "small", onclick: () => onChange(DEFAULT_COLUMNS) }, "Reset columns");
  fill(
    byId("column-list"),
    GROUPS.map((group) => h("fieldset", {}, h("legend", {}, group), COLUMNS.filter((column) => column.group === group).map(box))),
    usual,
  );
  panel.addEventListener("change", () => {
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (panel.querySelectorAll("input:checked"));
    onChange([...boxes].map((chosen) => chosen.value).join(","));
  });
}

/** Tick what is shown. @param {import("./columns.js").Column[]} columns */
export function showColumns(columns) {
  const shown = new Set(columns.map(({ key }) => key));
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (byId("columns").querySelectorAll("input"));
  for (const box of boxes) box.checked = shown.has(box.value);
}
