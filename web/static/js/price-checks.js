// What a comparison of a ticker's stored closes with those of another provider found, in words.

import { api } from "./api.js";
import { formatCount, formatDay, formatPercent, formatPrice, formatWhole } from "./format.js";

const LEAST_PERCENT = "0.5%"; // a smaller difference of closes is none

/** What differs: "3 of 21 closes differ by more than 0.5% since 3 Nov 2026, most on 14 Nov 2026: 12.30 from tiingo, 12.52 from csv_url (+1.79%)." */
export function differenceWords({ provider, other, days, differing, missing, since_day: since, ...worst }) {
  const from = since ? ` since ${formatDay(since)}` : "";
  const parts = [];
  if (differing) {
    const closes = worst.worst_close === null ? "" : `${formatPrice(worst.worst_close)} from ${provider}, ${formatPrice(worst.worst_other)} from ${other} `;
    parts.push(
      `${formatWhole(differing)} of ${formatCount(days, "close differs", "closes differ")} by more than ${LEAST_PERCENT}${from}, most on ${formatDay(worst.worst_day)}: ${closes}(${formatPercent(worst.worst_percent)}).`,
    );
  }
  if (missing) parts.push(`${formatCount(missing, "day has", "days have")} a close from only one of ${provider} and ${other}${differing ? "" : from}.`);
  return parts.join(" ") || `${formatCount(days, "close", "closes")} from ${provider} and ${other}, all the same.`;
}

/** What a difference may come from, and what to do about it. */
export function meaningWords({ days, differing, missing }) {
  if (differing && differing === days) return "Every close differs: one of them has another share or currency, or adjusts for a split or dividend that the other does not.";
  if (differing > days / 2) return "Most closes differ: one of them may lack a split or dividend. Look at the ticker's splits and dividends.";
  if (differing) return "Single closes differ: one of them has a wrong price or an unfinished day. Look at that day before you trade by it.";
  return missing ? "One of them lacks days, or has days on which the exchange was closed." : "";
}

/** The newest comparison of a ticker, if it found a difference; else null. */
export async function readDifference(ticker) {
  const { items } = await api.get("/price-checks", { ticker, differing: true });
  return items[0] ?? null;
}
