// What the weights of an index follow, as parts of a form: a method with the inputs that it needs, or a blend of several.

import { fill, h } from "../dom.js";
import { isTicker } from "../tickers.js";
import { field, select } from "../widgets.js";
import { METHODS } from "./words.js";

const MOST_PARTS = 5;
const YEAR = 252; // trading days
const MONTH = 21;
const SINGLE = METHODS.filter(([method]) => method !== "blend");
const LOOKING_BACK = ["inverse_volatility", "equal_risk", "momentum"];

/** Something is wrong with a control of the form. */
export class FormFault extends Error {
  /** @param {string} words @param {HTMLElement} control */
  constructor(words, control) {
    super(words);
    this.control = control;
  }
}

/** @typedef {{element: HTMLElement, read: () => Record<string, any>, set: (weighting: any) => void, reset: () => void}} Inputs - `read` throws a FormFault */

/**
 * The method and its inputs, and those of the parts of a blend.
 * @param {[id: string, name: string][]} strategies
 * @returns {Inputs}
 */
export function weightingInputs(strategies) {
  const one = methodInputs("index", "Weights follow", METHODS, strategies, () => parts.show(one.method() === "blend"));
  const parts = blendParts(strategies);
  return {
    element: h("div", { class: "index-part wide" }, one.element, parts.element),
    read: () => ({ ...one.read(), ...(one.method() === "blend" && { parts: parts.read() }) }),
    set: (weighting) => {
      parts.set(weighting.parts);
      one.set(weighting);
    },
    reset: () => {
      one.reset();
      parts.reset();
    },
  };
}

/**
 * A method and what it needs. The ids of its controls begin with `id`.
 * @param {string} id
 * @param {string} label
 * @param {[value: string, name: string][]} methods
 * @param {[id: string, name: string][]} strategies
 * @param {() => void} [onMethod]
 */
function methodInputs(id, label, methods, strategies, onMethod = () => {}) {
  const method = select(`${id}-method`, methods, "equal", () => arrange());
  const days = (name, value) => h("input", { id: `${id}-${name}`, type: "number", min: "0", max: "2520", step: "1", inputmode: "numeric", value: String(value) });
  const lines = (name, example) => h("textarea", { id: `${id}-${name}`, rows: "3", autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: example });
  const controls = {
    lookback: days("lookback", YEAR),
    skip: days("skip", MONTH),
    strategy: select(`${id}-strategy`, strategies, "balanced"),
    weights: lines("weights", "AAPL 40\nMSFT 60"),
    shares: lines("shares", "AAPL 14700000000\nMSFT 7430000000 0.98"),
  };
  const labels = {
    lookback: "Trading days looked back",
    skip: "of which left out, the newest",
    strategy: "Score of the strategy",
    weights: "Weights, a ticker and a number a line",
    shares: "Shares a company has, and the part that is traded freely",
  };
  const places = Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, field(labels[name], control)]));
  const needed = () => ({ cap: ["shares"], momentum: ["lookback", "skip"], score: ["strategy"], custom: ["weights"] })[method.value] ?? (LOOKING_BACK.includes(method.value) ? ["lookback"] : []);
  const arrange = () => {
    for (const [name, place] of Object.entries(places)) place.hidden = !needed().includes(name);
    onMethod();
  };
  const values = {
    lookback: () => wholeOf(controls.lookback, 20),
    skip: () => wholeOf(controls.skip, 0),
    strategy: () => controls.strategy.value,
    weights: () => byTicker(controls.weights, ([weight, ...more]) => (more.length ? null : numberOf(weight))),
    shares: () => byTicker(controls.shares, ([shares, part = "1", ...more]) => (more.length ? null : sharesOf(numberOf(shares), numberOf(part)))),
  };
  const read = () => {
    /** @type {Record<string, any>} */
    const body = { method: method.value, ...Object.fromEntries(needed().map((name) => [name, values[name]()])) };
    if (body.skip >= body.lookback) throw new FormFault("The days that are left out are fewer than those looked back.", controls.skip);
    return body;
  };
  const reset = () => {
    method.value = "equal";
    arrange();
  };
  const set = (weighting) => {
    const { lookback, skip, weights, shares } = weighting;
    const written = { lookback, skip, weights: linesOf(weights), shares: linesOf(shares, ({ shares: all, free_float: part }) => (part === 1 ? all : `${all} ${part}`)) };
    for (const [name, value] of Object.entries(written)) controls[name].value = String(value);
    choose(controls.strategy, weighting.strategy);
    method.value = weighting.method;
    arrange();
  };
  for (const place of Object.values(places)) place.hidden = true;
  return { element: h("div", { class: "index-part" }, field(label, method), Object.values(places)), method: () => method.value, read, set, reset };
}

/** The parts of a blend, each a method with its share. @param {[id: string, name: string][]} strategies */
function blendParts(strategies) {
  /** @type {{element: HTMLElement, read: () => Record<string, any>}[]} */
  let parts = [];
  let made = 0;
  const list = h("div", { class: "index-blend" });
  const more = h("button", { type: "button", id: "index-add-part", onclick: () => add(true) }, "Add a part");
  const element = h("fieldset", { id: "index-parts", hidden: true }, h("legend", {}, "The parts of the blend"), list, more);
  const add = (isFocused) => {
    made += 1;
    const id = `index-part-${made}`;
    const share = h("input", { id: `${id}-share`, type: "number", min: "0", step: "any", inputmode: "decimal", value: "1" });
    const inputs = methodInputs(id, "A part follows", SINGLE, strategies);
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `Take out part ${made}`, onclick: () => take(part) }, "Take out");
    const part = {
      element: h("div", { class: "index-part" }, inputs.element, field("Its share", share), remove),
      read: () => {
        if (!(Number(share.value) > 0)) throw new FormFault("The share of a part is above 0.", share);
        return { ...inputs.read(), share: Number(share.value) };
      },
    };
    parts.push(part);
    list.append(part.element);
    more.disabled = parts.length === MOST_PARTS;
    if (isFocused) part.element.querySelector("select")?.focus();
    return { set: inputs.set, share };
  };
  const take = (part) => {
    parts = parts.filter((each) => each !== part);
    part.element.remove();
    more.disabled = false;
    more.focus();
  };
  const reset = () => {
    parts = [];
    fill(list);
    element.hidden = true;
  };
  const set = (stored) => {
    reset();
    for (const each of stored) {
      const part = add(false);
      part.set(each);
      part.share.value = String(each.share);
    }
  };
  const show = (isShown) => {
    element.hidden = !isShown;
    while (isShown && parts.length < 2) add(false);
  };
  const read = () => {
    if (!parts.length) throw new FormFault("A blend has parts: add one.", more);
    return parts.map((part) => part.read());
  };
  return { element, show, read, set, reset };
}

/** Values by ticker as lines of a form. @param {Record<string, any>} values @param {(value: any) => any} [written] */
export const linesOf = (values, written = (value) => value) =>
  Object.entries(values)
    .map(([ticker, value]) => `${ticker} ${written(value)}`)
    .join("\n");

/** Choose an option, which need not be offered yet: an archived strategy is not. @param {HTMLSelectElement} list @param {string} value */
export function choose(list, value) {
  if (![...list.options].some((option) => option.value === value)) list.append(h("option", { value }, value));
  list.value = value;
}

const numberOf = (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);
const sharesOf = (shares, part) => (shares > 0 && part > 0 && part <= 1 ? { shares, free_float: part } : null);

/** @param {HTMLInputElement} control @param {number} least */
function wholeOf(control, least) {
  const value = Number(control.value);
  if (control.value === "" || !control.validity.valid || value < least) throw new FormFault(`It is a whole number from ${least} to 2,520.`, control);
  return value;
}

/**
 * What a ticker at the beginning of each line has behind it.
 * @param {HTMLTextAreaElement} control
 * @param {(words: string[]) => any} read - null or NaN for what it cannot be
 */
export function byTicker(control, read) {
  const lines = control.value.split("\n").filter((line) => line.trim());
  if (!lines.length) throw new FormFault("Give a line for each ticker.", control);
  return Object.fromEntries(
    lines.map((line) => {
      const [ticker, ...words] = line.trim().split(/[\s:=;]+/);
      const value = isTicker(ticker) && words.length ? read(words) : null;
      if (value === null || Number.isNaN(value)) throw new FormFault(`“${line.trim()}” is no ticker with what belongs to it, as in ${control.placeholder.split("\n")[0]}.`, control);
      return [ticker.toUpperCase(), value];
    }),
  );
}
