// The filters: in the form, in the address, and as the API takes them.

import { byId, fill } from "../dom.js";
import { readUrl } from "../url-state.js";

export const DEFAULTS = { q: "", verdict: "", signal: "", min_score: "", max_score: "", strategy: "balanced", universe: "all", sort: "-score" };
const IN_FORM = Object.keys(DEFAULTS).filter((name) => name !== "sort");
const PAUSE_MILLISECONDS = 300;

/** @type {(name: string) => HTMLInputElement | HTMLSelectElement} */
const controlOf = (name) => byId(name);

export function readFilters() {
  return readUrl(DEFAULTS);
}

/** Put the address's filters into the form. */
export function showFilters(filters) {
  for (const name of IN_FORM) {
    const control = controlOf(name);
    if (document.activeElement !== control || control.value.trim().toUpperCase() !== filters[name].toUpperCase()) control.value = filters[name];
  }
  byId("reset").hidden = IN_FORM.every((name) => filters[name] === DEFAULTS[name]);
}

/**
 * What GET /results and its reports take.
 * @param {Record<string, string>} filters
 * @returns {Record<string, string>}
 */
export function asParams(filters) {
  return { ...filters, strategy: filters.strategy === "any" ? "" : filters.strategy };
}

/**
 * Whether only where to look is chosen, not what to look for.
 * @param {Record<string, string>} filters
 */
export function isUnfiltered({ q, verdict, signal, min_score: from, max_score: to }) {
  return ![q, verdict, signal, from, to].some(Boolean);
}

/** Make the form work: `onChange(filters, {push})` is called with what it holds, once that makes sense. */
export function wireFilters(onChange) {
  const form = byId("filters");
  /** @type {number | undefined} */
  let timer;
  const apply = (push) => {
    clearTimeout(timer);
    const filters = Object.fromEntries(IN_FORM.map((name) => [name, controlOf(name).value.trim()]));
    if (isSound(filters)) onChange({ ...filters, q: filters.q.toUpperCase() }, { push });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(true);
  });
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLElement) event.target.dataset.touched = "true";
    apply(true);
  });
  // While somebody types, the address follows without a step for every letter.
  form.addEventListener("input", (event) => {
    if (event.target instanceof HTMLSelectElement) return;
    clearTimeout(timer);
    timer = setTimeout(() => apply(false), PAUSE_MILLISECONDS);
  });
  byId("reset").addEventListener("click", () => {
    for (const name of IN_FORM) controlOf(name).value = DEFAULTS[name];
    byId("q").focus();
    apply(true);
  });
}

/** @param {Record<string, string>} filters */
function isSound({ min_score: from, max_score: to }) {
  const wrong = ["min_score", "max_score"].filter((name) => !controlOf(name).validity.valid);
  const isCrossed = !wrong.length && from !== "" && to !== "" && Number(from) > Number(to);
  if (isCrossed) wrong.push("min_score", "max_score");
  for (const name of ["min_score", "max_score"]) {
    if (wrong.includes(name)) controlOf(name).setAttribute("aria-invalid", "true");
    else controlOf(name).removeAttribute("aria-invalid");
  }
  fill(byId("filters-problem"), isCrossed ? "The lowest score is above the highest: nothing would match." : wrong.length ? "A score is a number from -1 to 1." : "");
  return !wrong.length;
}
