// The cache: what it holds, by the start of the key, and clearing it.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { h, notify } from "../dom.js";
import { formatCount, formatDuration } from "../format.js";
import { formatBytes } from "../transfer.js";
import { readUrl, writeUrl } from "../url-state.js";
import { section, table } from "./section.js";

const DEFAULTS = { prefix: "" };
const SHOWN = 50;
const TYPING_MILLISECONDS = 300;
const REGIONS = ["results:", "analyses:", "keys:"];

/** The cache's entries with their controls. */
export function cache() {
  /** @type {number | undefined} */
  let timer;
  const input = h("input", {
    id: "cache-prefix",
    value: readUrl(DEFAULTS).prefix,
    maxlength: "200",
    autocomplete: "off",
    spellcheck: "false",
    list: "cache-regions",
    placeholder: "all keys",
    oninput: () => typed(),
  });
  const clearButton = h("button", { type: "button", class: "danger", id: "cache-clear", onclick: () => clear() });
  const controls = h(
    "form",
    {
      class: "row cache-controls",
      onsubmit: (event) => {
        event.preventDefault();
        part.refresh();
      },
    },
    h("div", { class: "field" }, h("label", { for: input.id }, "Keys that begin with"), input),
    h(
      "datalist",
      { id: "cache-regions" },
      REGIONS.map((region) => h("option", { value: region })),
    ),
    clearButton,
  );
  const part = section({ id: "cache", title: "Cache", isWide: true, controls, load, draw });

  async function load() {
    const prefix = input.value;
    const found = await api.get("/admin/cache", { prefix, limit: SHOWN });
    return prefix === input.value ? { ...found, prefix } : load();
  }

  function name() {
    clearButton.textContent = input.value ? `Clear “${input.value}…”` : "Clear all";
  }

  function typed() {
    name();
    clearTimeout(timer);
    timer = setTimeout(() => {
      writeUrl({ prefix: input.value }, DEFAULTS, { push: false });
      part.refresh();
    }, TYPING_MILLISECONDS);
  }

  async function clear() {
    const prefix = input.value;
    const what = prefix ? `every entry whose key begins with “${prefix}”` : "every entry";
    const words = `This drops ${what}, in Redis as well where it is used; other processes follow within two seconds. Nothing is lost: what is asked for next is read from the database again, which is slower for a while.`;
    const answer = await ask({ title: "Clear the cache?", words, confirm: prefix ? "Clear these" : "Clear all", isDanger: true });
    if (answer === null) return;
    clearButton.disabled = true;
    try {
      const { cleared } = await api.delete("/admin/cache", { prefix });
      notify(`${formatCount(cleared, "entry", "entries")} dropped.`);
      await part.refresh();
    } catch (error) {
      notify(error.words ?? String(error.message), { problem: true });
    } finally {
      clearButton.disabled = false;
    }
  }

  name();
  return part;
}

function draw({ stores, items, prefix }) {
  const totals = stores.map((store) =>
    h(
      "li",
      {},
      h("strong", {}, store.store === "memory" ? "Memory of this process" : store.store),
      ` ${formatCount(store.entries, "entry", "entries")}${store.bytes === null ? "" : `, ${formatBytes(store.bytes)}`}`,
    ),
  );
  if (!stores.length) return h("p", {}, "The cache is switched off (CACHE_ENABLED).");
  return [
    h("ul", { class: "plain small" }, totals),
    items.length === 0
      ? h("p", { class: "soft" }, prefix ? "No entry begins so." : "The cache is empty. It fills as results are asked for.")
      : table("Entries of the cache", [["Key"], ["Size", "number"], ["Dropped in", "number"]], items.map(entryRow)),
    items.length === SHOWN && h("p", { class: "small soft" }, `The first ${SHOWN}; narrow them by the start of the key.`),
  ];
}

function entryRow(entry) {
  return h("tr", {}, h("td", {}, h("code", {}, entry.key)), h("td", { class: "number" }, formatBytes(entry.bytes)), h("td", { class: "number" }, formatDuration(entry.expires_in)));
}
