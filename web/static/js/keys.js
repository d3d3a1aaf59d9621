// Keys that work on every page: / searches, ? lists the keys, g and a letter goes to a page. They can be switched off.

import { byId, fill, h } from "./dom.js";

const SWITCH = "bellwether-single-keys"; // in localStorage; "off" for those whose speech input or switch device types letters by chance
const SEQUENCE_MILLISECONDS = 1500; // between g and the letter
const FIELDS = "input, textarea, select, [contenteditable], [role=combobox], [role=listbox]";

/** The pages that the navigation names: letter, name, address. */
const pages = () =>
  /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("a[data-key]")]).map((link) => [link.dataset.key ?? "", link.dataset.name ?? link.textContent?.trim() ?? "", link.href]);

const isOn = () => localStorage.getItem(SWITCH) !== "off";

export function wireKeys() {
  let began = -Infinity; // when g was pressed
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.closest(FIELDS) || document.querySelector("dialog[open]") || !isOn()) return;
    const follows = performance.now() - began < SEQUENCE_MILLISECONDS;
    began = -Infinity;
    const search = document.getElementById("ticker-search-field");
    if (follows) {
      const page = pages().find(([key]) => key === event.key);
      if (!page) return;
      event.preventDefault();
      location.assign(page[2]);
    } else if (event.key === "g") began = performance.now();
    else if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "?") {
      event.preventDefault();
      showKeys();
    }
  });
  byId("show-keys").addEventListener("click", showKeys);
}

const keys = (...names) => names.flatMap((name, at) => [at > 0 && " then ", h("kbd", {}, name)]);

function showKeys() {
  const dialog = byId("keys-dialog");
  /** @type {any[][]} */
  const rows = [
    ...(document.getElementById("ticker-search-field") ? [[keys("/"), "Search for a ticker or a company"]] : []),
    [keys("?"), "Show this list"],
    ...pages().map(([key, name]) => [keys("g", key), `Go to ${name}`]),
    [[h("kbd", {}, "Tab")], "From row to row in a table, and to the next control elsewhere"],
    [[h("kbd", {}, "←"), " ", h("kbd", {}, "→"), " ", h("kbd", {}, "Home"), " ", h("kbd", {}, "End")], "Within a row of a table"],
    [[h("kbd", {}, "↑"), " ", h("kbd", {}, "↓")], "To the same control of the row above or below"],
    ...(document.getElementById("by-hand-hint") ? [[[h("kbd", {}, "Alt"), " ", h("kbd", {}, "↑"), " ", h("kbd", {}, "↓")], "Move a row, in the order by hand"]] : []),
    [[h("kbd", {}, "Esc")], "Close a dialog or a list"],
  ];
  const single = h("input", { type: "checkbox", id: "single-keys", onchange: () => localStorage.setItem(SWITCH, single.checked ? "on" : "off") });
  single.checked = isOn();
  fill(
    dialog,
    h("h2", { id: "keys-title" }, "Keyboard shortcuts"),
    h(
      "dl",
      { class: "keys" },
      rows.map(([pressed, words]) => h("div", {}, h("dt", {}, pressed), h("dd", {}, words))),
    ),
    h("p", {}, h("label", { class: "choice" }, single, " Use the shortcuts of a single key (/, ? and g)")),
    h("form", { method: "dialog", class: "row end" }, h("button", { class: "primary", autofocus: true }, "Close")),
  );
  /** @type {HTMLDialogElement} */ (dialog).showModal();
}
