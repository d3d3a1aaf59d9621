// The trade: what to do now, and the position size for it, worked out while the numbers are typed.

import { fill, h } from "../dom.js";
import { formatPercent, formatPrice, formatWhole } from "../format.js";
import { sizePosition, sizingProblems } from "./position.js";

/** @typedef {import("./sizing.js").Sizing} Sizing */
/** @typedef {import("./sizing.js").Name} Name */

/** @type {[Name, string][]} */
const NAMES = [
  ["capital", "Capital"],
  ["riskPercent", "Risk, %"],
  ["capPercent", "Largest position, %"],
];
const ORDERS = { limit: "limit order", stop: "stop order", market: "at the next open" };
const LIMITS = { risk: "Limited by the risk allowed.", cap: "Limited by the largest position allowed." };
const SENTENCE_END = /(?<=\.) /;

/** `sizing` is kept by the page from one result to the next; it is changed here. The strategy's cap is the default. @param {any} result @param {Sizing} sizing @param {number} capPercent */
export function positionView(result, sizing, capPercent) {
  const { trade } = result;
  if (trade === null) return h("p", {}, adviceOf(result));
  const facts = h(
    "dl",
    { class: "facts" },
    fact("Entry", formatPrice(trade.entry), `${ORDERS[trade.order]}, ${trade.entry_method}`),
    fact("Stop", formatPrice(trade.stop_loss), away(trade.stop_loss, trade.entry)),
    fact("Target", formatPrice(trade.target), `${away(trade.target, trade.entry)}, ${trade.reward_risk} to 1`),
  );
  const now = adviceOf(result);
  const terms = trade.advice.slice(now.length);
  if (trade.side === "short") return [h("p", { class: "advice" }, now), h("details", { class: "short-plan" }, h("summary", {}, "The plan of a short sale"), h("p", { class: "small" }, terms), facts)];
  return [h("p", { class: "advice" }, now), h("p", { class: "small soft" }, terms), facts, calculator(trade, sizing, capPercent)];
}

/** What to do now, in a sentence; old prices have one of their own before it. */
export function adviceOf({ signal, trade, warnings }) {
  const count = warnings.some(({ code }) => code === "stale") ? 2 : 1;
  if (trade !== null) return trade.advice.split(SENTENCE_END).slice(0, count).join(" ");
  return signal === "HOLD" ? "Hold what you own; there is no trade to make." : "There is no plan to act on: its target would not be a price.";
}

/** @param {any} trade @param {Sizing} sizing @param {number} capPercent */
function calculator(trade, sizing, capPercent) {
  const outcome = h("dl", { class: "facts outcome", id: "position-outcome" });
  const note = h("p", { class: "small soft", role: "status" });
  const inputs = NAMES.map(([name, label]) =>
    numberField(name, label, (text) => {
      sizing.set(name, text);
      work();
    }),
  );
  const usual = h(
    "button",
    {
      type: "button",
      class: "link small",
      onclick: () => {
        sizing.forget();
        begin();
        inputs[0].input.focus();
      },
    },
    "Back to the defaults",
  );
  const begin = () => {
    const texts = sizing.of(capPercent);
    for (const { name, input } of inputs) input.value = texts[name];
    work();
  };
  const work = () => {
    const texts = sizing.of(capPercent);
    const amount = (name) => (texts[name].trim() === "" ? NaN : Number(texts[name]));
    const typed = { capital: amount("capital"), riskPercent: amount("riskPercent"), capPercent: amount("capPercent") };
    const problems = sizingProblems(typed);
    for (const { name, say } of inputs) say(problems[name] ?? "");
    const { shares, positionValue, riskAmount, limit } = Object.keys(problems).length ? {} : sizePosition({ entry: trade.entry, stopLoss: trade.stop_loss }, typed);
    Object.assign(outcome.dataset, { shares: shares ?? "", positionValue: positionValue ?? "", riskAmount: riskAmount ?? "" });
    fill(outcome, fact("Shares", formatWhole(shares)), fact("Position", formatPrice(positionValue)), fact("At risk", formatPrice(riskAmount)));
    const text = shares === undefined ? "Correct the marked number." : shares === 0 ? "The capital is too small for one share." : LIMITS[limit];
    if (note.textContent !== text) note.textContent = text; // said once, not at every key
    usual.hidden = !sizing.isOwn(capPercent);
  };
  begin();
  return h(
    "form",
    { class: "position-form on-paper", "aria-label": "Position size", onsubmit: (event) => event.preventDefault() },
    h(
      "div",
      { class: "position-fields" },
      inputs.map(({ element }) => element),
    ),
    usual,
    outcome,
    note,
  );
}

function numberField(name, label, onText) {
  const id = `position-${name}`;
  const said = h("p", { class: "field-problem", id: `${id}-problem` });
  const input = h("input", { id, inputmode: "decimal", autocomplete: "off", oninput: () => onText(input.value) });
  const say = (text) => {
    said.textContent = text;
    said.hidden = text === "";
    if (text) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", said.id);
    } else {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  };
  return { name, input, say, element: h("div", { class: "field" }, h("label", { for: id }, label), input, said) };
}

function fact(name, value, note) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, h("span", { class: "fact-value" }, value), note && h("span", { class: "small soft" }, note)));
}

const away = (price, entry) => formatPercent((price / entry - 1) * 100);
