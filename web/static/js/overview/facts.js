// What is to be known of a followed ticker: whether its verdict changed in the period that is shown, and what stands against its verdict.

import { h } from "../dom.js";
import { formatDay } from "../format.js";

const DAY_MILLISECONDS = 86400000;
const NEW_VISIT_MILLISECONDS = 30 * 60000; // whoever comes back sooner is still on the same visit
const VISITS = "overview.visits";

/** @type {Record<string, [name: string, days: number]>} */
const PERIODS = { "1d": ["the last 24 hours", 1], "7d": ["the last 7 days", 7], "30d": ["the last 30 days", 30] };

/** Note that the page is looked at, and return when it was last looked at before; null when that is not known. */
export function lastVisit(now = Date.now()) {
  try {
    const { last = null, before = null } = JSON.parse(localStorage.getItem(VISITS) ?? "{}");
    const former = last !== null && now - last > NEW_VISIT_MILLISECONDS ? last : before;
    localStorage.setItem(VISITS, JSON.stringify({ last: now, before: former }));
    return former;
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** The periods that can be chosen, as [key, name]; the last visit where there was one. */
export function periods(visit) {
  const fixed = Object.entries(PERIODS).map(([key, [name]]) => [key, name]);
  return visit === null ? fixed : [...fixed, ["visit", "the time since your last visit"]];
}

/** When a period begins, in milliseconds. The week stands for a period that is not known, and for a visit that there was not. */
export function beginOf(period, visit, now = Date.now()) {
  if (period === "visit" && visit !== null) return visit;
  const [, days] = PERIODS[period] ?? PERIODS["7d"];
  return now - days * DAY_MILLISECONDS;
}

/** Whether an item's verdict changed since a moment. */
export const isChanged = (item, since) => item.change !== null && Date.parse(item.change.at) >= since;

/** Why an item's last analysis failed, to be read behind its ticker. The service's own words for developers name routes. */
export function failureWords({ ticker, failure }) {
  if (failure.code === "ticker_not_found") return "has no stored prices";
  if (failure.code === "price_quality") return "has damaged prices";
  return failure.message.replace(`${ticker} `, "").replace(/\.$/, "");
}

/** The same as a sentence, with a way to what mends it. */
export function failureParts(item) {
  const mends = { ticker_not_found: "Upload prices", price_quality: "Upload them again" }[item.failure.code];
  return [`${item.ticker} ${failureWords(item)}. `, mends && h("a", { href: "/prices" }, mends)];
}

/** What an item's verdict and prices are of: "verdict of 3 Nov 2026, prices to 4 Nov 2026". */
export const outdatedWords = (item) => `verdict of ${formatDay(item.latest.as_of)}, prices to ${formatDay(item.last_day)}`;
