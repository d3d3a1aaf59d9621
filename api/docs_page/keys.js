// The keys of the dashboard's pages: / finds, ? lists the keys, g and a letter goes to a page. Whoever has switched them off there has done so here.

import { h } from "./elements.js";

const SWITCH = "bellwether-single-keys"; // in localStorage, as the dashboard has it
const SEQUENCE_MILLISECONDS = 1500; // between g and the letter
const FIELDS = "input, textarea, select";
/** Letter, name, address. */
const PAGES = [
  ["o", "Overview", "./"],
  ["s", "Screener", "screener"],
  ["t", "Tasks", "tasks"],
  ["r", "Reports", "reports"],
  ["p", "Prices", "prices"],
  ["d", "Diagnostics", "diagnostics"],
];

/** @param {HTMLElement} finder @param {HTMLDialogElement} dialog */
export function wireKeys(finder, dialog) {
  const row = (pressed, words) => [
    h(
      "dt",
      {},
      pressed.split(" ").map((key) => [h("kbd", {}, key), " "]),
    ),
    h("dd", {}, words),
  ];
  dialog.append(
    h("h2", { id: "keys-title" }, "Keyboard shortcuts"),
    h(
      "dl",
      {},
      row("/", "Find an operation"),
      row("?", "Show this list"),
      PAGES.map(([key, name]) => row(`g ${key}`, `Go to ${name}`)),
    ),
    h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")),
  );
  let began = -Infinity; // when g was pressed
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.closest(FIELDS) || dialog.open || localStorage.getItem(SWITCH) === "off") return;
    const follows = performance.now() - began < SEQUENCE_MILLISECONDS;
    began = event.key === "g" && !follows ? performance.now() : -Infinity;
    const page = follows && PAGES.find(([key]) => key === event.key);
    if (page) location.assign(page[2]);
    else if (event.key === "/") finder.focus();
    else if (event.key === "?") dialog.showModal();
    else return;
    event.preventDefault();
  });
}
