// The audit log: who changed what and who signed in, filtered by the page's address, and as a file.

import { api } from "../api.js";
import { entryLine } from "../audit/entry.js";
import { DEFAULTS, offerActors, offerOperations, queryOf, readFilters, typedFilters } from "../audit/filters.js";
import { byId, fill, h, notify } from "../dom.js";
import { empty, show } from "../states.js";
import { saveFor } from "../transfer.js";
import { addressOf, writeUrl } from "../url-state.js";

const PAGE = 50;

let wanted = readFilters();
let looking = new AbortController();

const linkTo = (changes) => addressOf({ ...wanted, ...changes }, DEFAULTS);

function draw() {
  const shown = wanted;
  looking.abort(); // an answer to former filters would come over this one
  looking = new AbortController();
  const { signal } = looking;
  return show(
    byId("entries"),
    async () => {
      const page = await api.get("/audit", { ...queryOf(shown), limit: PAGE }, { signal });
      if (!page.items.length) return nothing(shown);
      const list = h("ol", { class: "audit-list", "aria-label": "Entries, newest first" });
      const more = h("div", { class: "row" });
      add(list, more, page, shown);
      return [list, more];
    },
    "Looking for entries …",
  );
}

function nothing(filters) {
  const isFiltered = Object.entries(filters).some(([name, value]) => name !== "all" && value);
  if (isFiltered) return empty("No such entry", "Choose another person, action, target or time.");
  return empty("Nothing was changed yet", "Each change and each sign-in leaves an entry here.");
}

function add(list, more, { items, next_cursor: cursor }, shown) {
  const lines = items.map((entry) => entryLine(entry, { isWhole: shown.all === "true", linkTo }));
  list.append(...lines);
  const next = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      add(list, more, await api.get("/audit", { ...queryOf(shown), limit: PAGE, cursor }), shown)
        .querySelector("a")
        ?.focus();
    } catch (error) {
      button.disabled = false;
      button.focus();
      notify(`The older entries did not come. ${error.words ?? error.message}`, { problem: true });
    }
  };
  fill(more, cursor && h("button", { type: "button", onclick: next }, "Show older"));
  return lines[0];
}

function choose() {
  wanted = typedFilters();
  writeUrl(wanted, DEFAULTS);
  return draw();
}

function follow() {
  wanted = readFilters();
  return draw();
}

/** The choice of people and keys is a convenience: without it the log is read all the same. */
async function offer() {
  try {
    await offerActors();
  } catch (error) {
    notify(`People and keys cannot be offered as a filter. ${error.words ?? error.message}`, { problem: true });
  }
}

offerOperations();
follow();
offer();
byId("audit-filter").addEventListener("change", choose);
byId("audit-filter").addEventListener("submit", (event) => {
  event.preventDefault();
  choose();
});
byId("audit-clear").addEventListener("click", () => {
  writeUrl({ all: wanted.all }, DEFAULTS);
  follow();
});
byId("audit-file").addEventListener("click", (event) =>
  saveFor(/** @type {HTMLButtonElement} */ (event.currentTarget), "/audit", { params: queryOf(wanted), accept: "text/csv", name: "bellwether-audit.csv" }),
);
window.addEventListener("popstate", follow);
