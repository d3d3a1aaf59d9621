// Why an item failed, in words for people, with what to do about it.

import { h } from "../dom.js";
import { forPeople } from "../problem-words.js";

/** @type {Record<string, {words: string, short: string, action: ((key: string) => any) | null}>} */
const REASONS = {
  ticker_not_found: { short: "no prices", words: "There are no prices for it.", action: (key) => upload(key, "Upload prices") },
  insufficient_history: { short: "too few bars", words: "", action: (key) => upload(key, "Upload a longer history") },
  price_quality: { short: "damaged prices", words: "Its stored prices are damaged.", action: (key) => upload(key, "Upload them again") },
  prices_unavailable: { short: "no provider answers", words: "", action: null },
  worker_lost: { short: "ended its worker", words: "", action: null },
  internal_error: { short: "unexpected error", words: "Something unexpected went wrong; the log of the workers has the reason. The others are not affected.", action: null },
  job_unreadable: { short: "cannot be read", words: "", action: null },
};

const upload = (key, text) => h("a", { href: `/prices?ticker=${encodeURIComponent(key)}` }, text);

/** A failed item's reason and what to do; the service's own sentence where these pages have none. */
export function failure(item) {
  const reason = REASONS[item.error.code];
  return [reason?.words || forPeople(item.error.message, item.error.code), reason?.action && [" ", reason.action(item.key)]];
}

/** A code in a few words: "no prices". */
export const shortReason = (code) => REASONS[code]?.short ?? code.replaceAll("_", " ");
