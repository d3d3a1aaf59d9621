// The form of a run, made from the inputs that a pipeline declares.

import { h } from "../dom.js";
import { namedStrategies } from "../strategies.js";
import { tickersIn } from "../tickers.js";
import { offerUniverses } from "../universes.js";

const LISTS = new Set(["tickers", "strategies", "channels"]);
const JSON_TYPES = new Set(["list", "object"]);

/** What a field says of its type. */
const HINTS = {
  date: "YYYY-MM-DD, today, or days back like -7d.",
  tickers: "Tickers, with spaces or commas between them.",
  strategies: "Strategies, with commas between them.",
  channels: "With commas between them.",
  list: "A JSON list.",
  object: "A JSON object.",
};

/** The fields of the inputs, in their order. @param {Record<string, any>} inputs */
export function fields(inputs) {
  return Object.entries(inputs).map(([name, spec]) => {
    const id = `input-${name}`;
    const hint = [spec.description, HINTS[spec.type]].filter(Boolean).join(" ");
    const label = `${spec.title ?? name}${spec.required ? " (needed)" : ""}`;
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      control(id, name, spec),
      hint && h("span", { class: "small soft", id: `${id}-hint` }, hint),
      h("p", { class: "field-problem", id: `${id}-problem`, role: "alert" }),
    );
  });
}

function control(id, name, spec) {
  const { type, options } = spec;
  const shared = { id, name, "aria-describedby": `${spec.description || HINTS[type] ? `${id}-hint ` : ""}${id}-problem` };
  if (type === "truth")
    return choices(
      shared,
      [
        ["true", "Yes"],
        ["false", "No"],
      ],
      String(spec.default ?? false),
    );
  if (options) return choices(shared, [...(spec.required ? [] : [["", "–"]]), ...options.map((each) => [each, each])], spec.default ?? "");
  if (type === "universe") {
    const select = choices(
      shared,
      [
        ["watchlist", "Watchlist"],
        ["all", "All with prices"],
      ],
      spec.default ?? "watchlist",
    );
    if (spec.default && !["watchlist", "all"].includes(spec.default)) select.append(h("option", { value: spec.default, selected: true }, spec.default));
    offerUniverses(select);
    return select;
  }
  if (type === "strategy") {
    const select = choices(shared, spec.default ? [[spec.default, spec.default]] : [["", "–"]], spec.default ?? "");
    namedStrategies().then(
      (all) => {
        for (const [value, label] of all) {
          const known = [...select.options].find((option) => option.value === value);
          if (known) known.textContent = label;
          else select.append(h("option", { value }, label));
        }
      },
      () => {},
    );
    return select;
  }
  const value = written(spec.default, type);
  if (JSON_TYPES.has(type)) return h("textarea", { ...shared, rows: 3, spellcheck: "false" }, value);
  const isNumber = type === "number" || type === "whole_number";
  return h("input", { ...shared, value, autocomplete: "off", inputmode: isNumber ? "decimal" : null, spellcheck: "false" });
}

function choices(shared, pairs, value) {
  return h(
    "select",
    shared,
    pairs.map(([given, label]) => h("option", { value: given, selected: given === value }, label)),
  );
}

function written(value, type) {
  if (value === null || value === undefined) return "";
  if (LISTS.has(type)) return value.join(", ");
  return JSON_TYPES.has(type) ? JSON.stringify(value) : String(value);
}

/** The inputs that a form has; what is left empty is left out. Throws an Error with `field` for what is no JSON. */
export function readInputs(form, inputs) {
  /** @type {Record<string, any>} */
  const given = {};
  for (const [name, { type }] of Object.entries(inputs)) {
    const text = form.elements.namedItem(name).value.trim();
    if (text !== "") given[name] = parsed(name, text, type);
  }
  return given;
}

function parsed(name, text, type) {
  if (type === "truth") return text === "true";
  if (type === "number" || type === "whole_number") return Number.isNaN(Number(text)) ? text : Number(text);
  if (type === "tickers") return tickersIn(text);
  if (type === "strategies") return text.split(/[\s,]+/).filter(Boolean);
  if (type === "channels")
    return text
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean);
  if (!JSON_TYPES.has(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw Object.assign(new Error("This is no JSON."), { field: name });
  }
}

/** Say what is wrong beside the fields; returns what belongs to none. @param {{field: string, message: string}[]} problems */
export function tellProblems(form, problems) {
  for (const place of form.querySelectorAll(".field-problem")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  const left = [];
  for (const { field, message } of problems) {
    const name = field.replace(/^inputs\./, "");
    const control = form.elements.namedItem(name);
    if (control) {
      control.setAttribute("aria-invalid", "true");
      form.querySelector(`#input-${CSS.escape(name)}-problem`).textContent = message;
    } else left.push(message);
  }
  form.querySelector("[aria-invalid]")?.focus();
  return left.join(" ");
}
