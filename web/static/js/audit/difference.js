// What an entry of the audit log says was before and after, as a table of the fields that differ.

import { h } from "../dom.js";
import { formatCount } from "../format.js";

const LONGEST = 80; // characters that stand in a cell; longer values are folded
const MOST_FIELDS = 8; // the rest is folded
const DEEPEST = 3; // objects within objects that are told field by field
const NONE = "–";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of a value by their names, those of objects within it as `object.field`. @returns {Map<string, any>} */
function fieldsOf(value, name = "", depth = 0) {
  if (!isObject(value) || (name && (depth > DEEPEST || !Object.keys(value).length))) return new Map([[name, value]]);
  return new Map(Object.entries(value).flatMap(([key, part]) => [...fieldsOf(part, name ? `${name}.${key}` : key, depth + 1)]));
}

/** What differs, as [name, before, after]; undefined is where there is no such field. @returns {[string, any, any][]} */
export function changesOf(before, after) {
  const [former, latter] = [before, after].map((value) => (value === null || value === undefined ? new Map() : fieldsOf(value)));
  const names = [...new Set([...former.keys(), ...latter.keys()])];
  const all = names.map((name) => /** @type {[string, any, any]} */ ([name, former.get(name), latter.get(name)]));
  return all.filter(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other));
}

function textOf(value) {
  if (value === undefined || value === null || value === "") return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value) && !value.some((part) => typeof part === "object" && part !== null)) return value.length ? value.join(", ") : "none";
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

function shown(value) {
  const text = textOf(value);
  if (text.length <= LONGEST) return h("span", { class: text === NONE || text === "(hidden)" ? "soft" : "" }, text);
  return h("details", {}, h("summary", {}, `${text.slice(0, LONGEST).trimEnd()} …`), h("pre", { class: "small" }, text));
}

/** The difference of an entry; null where nothing is told. @param {{before: any, after: any}} entry @param {string} title */
export function difference({ before, after }, title) {
  const changes = changesOf(before, after);
  if (!changes.length) return null;
  const isChange = before !== null && after !== null;
  const [head, values] = isChange ? [["Before", "After"], (change) => change.slice(1)] : after === null ? [["Was"], (change) => [change[1]]] : [["Given"], (change) => [change[2]]];
  const row = (change) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, change[0].replaceAll("_", " ") || "value"),
      values(change).map((value, at) => h("td", { dataset: { title: head[at] } }, shown(value))),
    );
  const table = (rows, words) =>
    h(
      "table",
      { class: "difference" },
      h("caption", { class: "visually-hidden" }, words),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Field", ...head].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h("tbody", {}, rows.map(row)),
    );
  const rest = changes.slice(MOST_FIELDS);
  return h(
    "div",
    {},
    table(changes.slice(0, MOST_FIELDS), `${title}: what it was about`),
    rest.length > 0 && h("details", {}, h("summary", {}, formatCount(rest.length, "more field", "more fields")), table(rest, `${title}: more fields`)),
  );
}
