// Limits with what is used of them, and a form that sets them. Of an organization, and of a member.

import { table } from "./diagnostics/section.js";
import { fill, h, notify } from "./dom.js";
import { problem } from "./states.js";

const NAMES = {
  reads_per_minute: "Requests a minute",
  analyses_per_minute: "Analyses a minute",
  bulk_per_minute: "Bulk jobs a minute",
  uploads_per_minute: "Uploads a minute",
  heavy_reads_per_minute: "Reports and exports a minute",
  tests_per_minute: "Tests of integrations a minute",
  requests_per_hour: "Requests an hour",
  members: "Members",
  stored_bytes: "Bytes of files",
  open_jobs: "Open jobs",
};
const HEADS = [["What"], ["Used", "number"], ["Limit", "number"]];
const count = (number) => (number === null ? "any number" : number.toLocaleString("en"));

/** Limits as a table. */
export function limitTable(caption, items) {
  const rows = items.map(({ name, used, limit, is_set: isSet }) =>
    h(
      "tr",
      { dataset: { limit: name } },
      h("th", { scope: "row" }, NAMES[name] ?? name),
      h("td", { class: "number" }, count(used)),
      h("td", { class: "number" }, count(limit), isSet && h("span", { class: "badge" }, "set")),
    ),
  );
  return table(caption, HEADS, rows, "keys");
}

/**
 * A form with a field for each limit; an empty one is the default. `send` gets the numbers by name and answers with the new items.
 * @param {object} form
 * @param {string} form.id
 * @param {any[]} form.items
 * @param {(numbers: Record<string, number>) => Promise<{items: any[]}>} form.send
 * @param {(items: any[]) => any} form.done
 */
export function limitForm({ id, items, send, done }) {
  const message = h("p", { class: "small bad", role: "alert", hidden: true });
  const fields = items.map(({ name, limit, is_set: isSet }) =>
    h(
      "label",
      { class: "field" },
      NAMES[name] ?? name,
      h("input", { id: `${id}-${name}`, name, type: "number", min: "0", step: "1", value: isSet ? String(limit) : "", placeholder: isSet ? "" : count(limit) }),
    ),
  );
  const button = h("button", { type: "submit" }, "Set");
  return h(
    "form",
    { id, class: "limit-form", novalidate: true, onsubmit: store },
    h("p", { class: "small soft" }, "An empty field is the default."),
    h("div", { class: "limit-fields" }, fields),
    message,
    button,
  );

  async function store(event) {
    event.preventDefault();
    button.disabled = true;
    message.hidden = true;
    try {
      const filled = [...new FormData(event.target)].filter(([, value]) => value !== "").map(([name, value]) => [name, Number(value)]);
      const stored = await send(Object.fromEntries(filled));
      notify("The limits are stored. Every process follows within two seconds.");
      done(stored.items);
    } catch (error) {
      message.hidden = false;
      message.textContent = error.words ?? String(error.message);
    } finally {
      button.disabled = false;
    }
  }
}

/**
 * Shows limits in an element, with a form below them, and anew when they are set.
 * @param {HTMLElement} element
 * @param {{id: string, caption: string, load: () => Promise<{items: any[]}>, send: (numbers: Record<string, number>) => Promise<{items: any[]}>}} of
 */
export async function showLimits(element, of) {
  const draw = (items) => fill(element, h("h3", {}, of.caption), limitTable(of.caption, items), limitForm({ id: of.id, items, send: of.send, done: draw }));
  try {
    draw((await of.load()).items);
  } catch (error) {
    fill(
      element,
      problem(error, () => showLimits(element, of)),
    );
  }
}
