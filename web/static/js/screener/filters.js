// The filters: in the form, in the address, and as the API takes them.

import { byId, fill, h } from "../dom.js";
import { chooseUniverse } from "../universes.js";
import { DEFAULT_COLUMNS, VOTES, VOTING } from "./columns.js";

const SHARES = ["hit", "lift"]; // percent here, shares of 1 in the API
const RANGES = ["score", "rsi", "distance", "change", "close", ...SHARES];
const NUMBERS = [...RANGES.flatMap((name) => [`min_${name}`, `max_${name}`]), "min_volume", "min_n"];
const MORE = [...NUMBERS.filter((name) => !name.endsWith("_score")), "changed_days", "has_record", "votes"];
const SHARE_NAMES = SHARES.flatMap((name) => [`min_${name}`, `max_${name}`]);
const DIGITS = 12; // of a share: 0.57 is 57, and not 56.99999999999999
export const DEFAULTS = {
  q: "",
  verdict: "",
  signal: "",
  strategy: "balanced",
  universe: "all",
  changed_days: "",
  has_record: "",
  votes: "",
  sort: "-score",
  columns: DEFAULT_COLUMNS,
  ...Object.fromEntries(NUMBERS.map((name) => [name, ""])),
};
const OUTSIDE = ["sort", "columns", "votes"]; // these have controls of their own
const IN_FORM = Object.keys(DEFAULTS).filter((name) => !OUTSIDE.includes(name));
const WHERE = ["strategy", "universe", "sort", "columns"]; // where to look and how to show it, not what to look for
const PAUSE_MILLISECONDS = 300;

/** @type {(name: string) => HTMLInputElement | HTMLSelectElement} */
const controlOf = (name) => byId(name);
/** @type {(text: string) => string[]} */
const votesOf = (text) => text.split(",").filter(Boolean);

/** Put filters into the form; `onVotes(text)` is called when a vote is taken away. */
export function showFilters(filters, onVotes) {
  for (const name of IN_FORM) {
    const control = controlOf(name);
    if (name === "universe") chooseUniverse(control, filters[name]);
    if (document.activeElement !== control || control.value.trim() !== filters[name]) control.value = filters[name];
  }
  const votes = votesOf(filters.votes);
  fill(
    byId("votes"),
    votes.map((vote) => {
      const [key, word] = vote.split(":");
      const name = VOTING.find(([known]) => known === key)?.[1] ?? key;
      const words = `${name}: ${VOTES[word] ?? word}`;
      return h(
        "li",
        {},
        words,
        h("button", { type: "button", class: "quiet", "aria-label": `Take away the filter ${words}`, onclick: () => onVotes(votes.filter((other) => other !== vote).join(",")) }, "×"),
      );
    }),
  );
  byId("reset").hidden = Object.keys(DEFAULTS).every((name) => OUTSIDE.slice(0, 2).includes(name) || filters[name] === DEFAULTS[name]);
  if (MORE.some((name) => filters[name] !== "")) byId("more-filters").setAttribute("open", "");
}

/**
 * What GET /results and its reports take, as text.
 * @param {Record<string, string>} filters
 * @returns {Record<string, string>}
 */
export function asParams(filters) {
  const shares = SHARE_NAMES.filter((name) => filters[name] !== "").map((name) => [name, times(filters[name], 0.01)]);
  return { ...filters, ...Object.fromEntries(shares), strategy: filters.strategy === "any" ? "" : filters.strategy };
}

/** A number as text, times a factor. @param {string | number} value @param {number} factor */
const times = (value, factor) => String(Number((Number(value) * factor).toPrecision(DIGITS)));

/** What a saved screen holds: the same with its numbers. @param {Record<string, string>} filters */
export function asQuery(filters) {
  const given = Object.entries(asParams(filters)).filter(([, value]) => value !== "");
  const typed = (name, value) => (NUMBERS.includes(name) || name === "changed_days" ? Number(value) : name === "has_record" ? value === "true" : value);
  return Object.fromEntries(given.map(([name, value]) => [name, typed(name, value)]));
}

/** The filters of a saved screen. @param {Record<string, any>} query @returns {Record<string, string>} */
export function fromQuery(query) {
  const texts = Object.entries(query).map(([name, value]) => [name, SHARE_NAMES.includes(name) ? times(value, 100) : String(value)]);
  return { ...DEFAULTS, strategy: "any", ...Object.fromEntries(texts.filter(([name]) => name in DEFAULTS)) };
}

/** Whether only where to look is chosen, not what to look for. @param {Record<string, string>} filters */
export function isUnfiltered(filters) {
  return Object.keys(DEFAULTS).every((name) => WHERE.includes(name) || !filters[name]);
}

/** Make the form work: `onChange(filters, {push})` is called with what it holds, once that makes sense. `votes()` are the present ones. */
export function wireFilters(onChange, votes) {
  const form = byId("filters");
  /** @type {number | undefined} */
  let timer;
  const apply = (push) => {
    clearTimeout(timer);
    const filters = Object.fromEntries(IN_FORM.map((name) => [name, controlOf(name).value.trim()]));
    if (isSound()) onChange(filters, { push });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(true);
  });
  form.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLElement) || event.target.closest("#vote-choice")) return;
    event.target.dataset.touched = "true";
    apply(true);
  });
  // While somebody types, the address follows without a step for every letter.
  form.addEventListener("input", (event) => {
    if (event.target instanceof HTMLSelectElement) return;
    clearTimeout(timer);
    timer = setTimeout(() => apply(false), PAUSE_MILLISECONDS);
  });
  fill(
    byId("vote-indicator"),
    VOTING.map(([key, name]) => h("option", { value: key }, name)),
  );
  byId("add-vote").addEventListener("click", () => {
    const indicator = controlOf("vote-indicator").value;
    const others = votesOf(votes()).filter((vote) => !vote.startsWith(`${indicator}:`));
    onChange({ votes: [...others, `${indicator}:${controlOf("vote-word").value}`].join(",") }, { push: true });
  });
  byId("reset").addEventListener("click", () => {
    for (const name of IN_FORM) controlOf(name).value = DEFAULTS[name];
    byId("q").focus();
    onChange({ ...Object.fromEntries(IN_FORM.map((name) => [name, DEFAULTS[name]])), votes: "" }, { push: true });
    isSound();
  });
}

function isSound() {
  const wrong = new Set([...NUMBERS, "changed_days"].filter((name) => !controlOf(name).validity.valid));
  const crossed = RANGES.filter((name) => {
    const [from, to] = [controlOf(`min_${name}`), controlOf(`max_${name}`)];
    return !wrong.has(from.id) && !wrong.has(to.id) && from.value !== "" && to.value !== "" && Number(from.value) > Number(to.value);
  });
  const first = wrong.size ? /** @type {HTMLInputElement} */ (controlOf([...wrong][0])) : null;
  for (const name of crossed) for (const end of ["min", "max"]) wrong.add(`${end}_${name}`);
  for (const name of [...NUMBERS, "changed_days"]) {
    if (wrong.has(name)) controlOf(name).setAttribute("aria-invalid", "true");
    else controlOf(name).removeAttribute("aria-invalid");
  }
  const problem = first
    ? `${first.labels?.[0].textContent}: a number from ${first.min}${first.max ? ` to ${first.max}` : ""}.`
    : crossed.length
      ? `${controlOf(`min_${crossed[0]}`).labels?.[0].textContent}: the lowest is above the highest, so nothing would match.`
      : "";
  fill(byId("filters-problem"), problem);
  return !wrong.size;
}
