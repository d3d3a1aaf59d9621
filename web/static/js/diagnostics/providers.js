// The providers of prices: whether each is asked and answers, the calls that are left, and its terms.

import { h } from "../dom.js";
import { formatCount, formatSoon } from "../format.js";
import { ago } from "../moments.js";
import { needsWords, windowWords } from "../provider-words.js";
import { badge } from "../words.js";
import { facts, section } from "./section.js";

/** What each provider is like. @param {() => Promise<any[]>} load @param {() => any} retry */
export function providers(load, retry) {
  return section({ id: "providers", title: "Providers of prices", isWide: true, load, draw, retry });
}

function draw(items) {
  const none = !items.some(({ configured }) => configured) && h("p", {}, "None is configured: prices come by upload only.");
  return [none, h("ul", { class: "provider-list" }, items.map(card))];
}

/** How a provider is, by its word in the tables of words. */
export function stateOf({ configured, breaker, budget }) {
  if (!configured) return "unconfigured";
  if (breaker.state === "open") return "open";
  if (budget.windows.some(({ left }) => left === 0)) return "spent";
  return breaker.failures ? "failing" : "asked";
}

function card(provider) {
  const { name, configured, order, terms, breaker, budget, last_error: error, last_success_at: success } = provider;
  const calls = budget.windows.length ? h("ul", { class: "plain" }, budget.windows.map(callsOf)) : "no limit is set";
  const told = [
    ["Order", order === 1 ? "asked first" : `asked as number ${order}`],
    ["Calls", calls],
    ["Last prices", success ? ago(success) : "none yet"],
    breaker.failures > 0 && ["Failed", `${formatCount(breaker.failures, "time", "times")} in a row${breaker.open_until ? `; asked again ${formatSoon(breaker.open_until)}` : ""}`],
    error && ["Last error", [error.message, " ", ago(error.at)]],
  ];
  return h(
    "li",
    { dataset: { provider: name } },
    h("div", { class: "row" }, h("h3", {}, name), badge("provider", stateOf(provider))),
    configured ? facts(told.filter(Boolean)) : h("p", { class: "small" }, "To have it asked, set ", h("code", {}, needsWords(provider)), "."),
    h("p", { class: "small soft" }, terms),
  );
}

function callsOf(use) {
  const words = windowWords(use);
  const meter = use.limit !== null && h("meter", { min: "0", max: String(use.limit), low: String(use.limit / 5), optimum: String(use.limit), value: String(use.left), "aria-label": words });
  return h("li", {}, meter, h("span", { class: "small" }, words));
}
