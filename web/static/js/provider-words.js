// What is said of the providers of prices and of what they sent.

import { h } from "./dom.js";
import { formatDay, formatMoment, formatSoon, formatWhole } from "./format.js";

/** "31 of 50 calls of this hour left", and when it goes on where none is. */
export function windowWords({ window, limit, left, free_at: freeAt }) {
  const goesOn = freeAt ? `; goes on ${formatSoon(freeAt)}` : "";
  if (limit === null) return `No more calls this ${window}, says the provider${goesOn}`;
  return `${formatWhole(left)} of ${formatWhole(limit)} calls of this ${window} left${goesOn}`;
}

/** What is to be set so that a provider is asked. */
export const needsWords = ({ name, needs }) => needs.map((setting) => (setting === "PRICE_PROVIDERS" ? `PRICE_PROVIDERS=${name}` : `${setting}=…`)).join(" ");

/** How a ticker's prices were fetched, as pairs for a list of facts; nothing for those that nobody fetched. From the answer of GET /prices/{ticker}/quality. */
export function fetchFacts({ fetch, fetch_failure: failure }) {
  const facts = [];
  if (fetch) {
    facts.push(["Fetched", `from ${fetch.provider} on ${formatMoment(fetch.fetched_at)}${fetch.is_whole ? ", the whole history" : ""}`]);
    facts.push([
      "Newest day",
      fetch.provisional_day
        ? [h("span", { class: "badge warn" }, "Provisional"), ` The bar of ${formatDay(fetch.provisional_day)} was fetched before its day was over; the next refresh replaces it.`]
        : [h("span", { class: "badge good" }, "Final"), " It was fetched after its day was over."],
    ]);
    const listed = [fetch.exchange, fetch.currency].filter(Boolean).join(", ");
    if (listed) facts.push(["Exchange and currency", listed]);
    if (fetch.replaced_at) facts.push(["History replaced", [formatMoment(fetch.replaced_at), fetch.reason && `: ${fetch.reason}`]]);
  }
  if (failure) facts.push(["Last attempt", [h("span", { class: "badge bad" }, "Failed"), ` ${formatMoment(failure.failed_at)}: ${failure.message} The prices from before are kept.`]]);
  return facts;
}
