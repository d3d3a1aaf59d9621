// What providers say differently: closes of the stored prices beside those of another provider.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatDay, formatPercent, formatPrice } from "../format.js";
import { ago } from "../moments.js";
import { differenceWords, meaningWords } from "../price-checks.js";
import { tickerAddress } from "../tickers.js";
import { section, table } from "./section.js";

const SHOWN = 50;
const HEADS = [["Ticker"], ["Day"], ["Stored", "number"], ["Other", "number"], ["Difference", "number"], ["Since"], ["Compared"], ["What it means"]];

/** What the comparisons of each night found. `readProviders()` has the providers. @param {() => Promise<any[]>} readProviders @param {() => any} retry */
export function priceChecks(readProviders, retry) {
  const load = async () => {
    const configured = (await readProviders()).filter((provider) => provider.configured).map(({ name }) => name);
    if (configured.length < 2) return { configured };
    const found = await api.get("/price-checks", { differing: true, limit: SHOWN });
    const newest = found.items.length ? null : await api.get("/price-checks", { limit: 1 });
    return { configured, items: found.items, hasMore: found.next_cursor !== null, isCompared: found.items.length > 0 || newest.items.length > 0 };
  };
  return section({ id: "price-checks", title: "Compared between providers", isWide: true, load, draw, retry });
}

function draw({ configured, items, hasMore, isCompared }) {
  if (configured.length < 2) {
    const only = configured.length ? `only ${configured[0]} is` : "none is";
    return h(
      "p",
      {},
      `Closes are compared where two providers are configured; ${only}. Name another in `,
      h("code", {}, "PRICE_PROVIDERS"),
      ", and 1% of the fetched tickers are compared each night.",
    );
  }
  if (!isCompared) return h("p", {}, `Nothing has been compared yet. Each night 1% of the fetched tickers are, between ${configured.join(" and ")}.`);
  if (!items.length) return h("p", {}, "No differences: all closes of the last 30 days that were compared are the same, to 0.5%.");
  return [
    table("Closes that differ, by ticker", HEADS, items.map(row), "price-checks"),
    hasMore && h("p", { class: "small soft" }, `The first ${SHOWN} by ticker. `, h("code", {}, "GET /price-checks?differing=true"), " lists all."),
  ];
}

function row(check) {
  const { ticker, provider, other, worst_day: day, worst_close: stored, worst_other: theirs, worst_percent: percent, since_day: since, checked_at: at } = check;
  const close = (value, from) => [value !== null && `${formatPrice(value)} `, h("span", { class: "small soft" }, from)];
  return h(
    "tr",
    { dataset: { ticker } },
    h("th", { scope: "row" }, h("a", { href: tickerAddress(ticker) }, ticker)),
    h("td", {}, day ? formatDay(day) : "–"),
    h("td", { class: "number" }, close(stored, provider)),
    h("td", { class: "number" }, close(theirs, other)),
    h("td", { class: "number" }, percent === null ? "–" : formatPercent(percent)),
    h("td", {}, since ? formatDay(since) : "–"),
    h("td", {}, ago(at)),
    h("td", { class: "small" }, `${differenceWords(check)} ${meaningWords(check)}`),
  );
}
