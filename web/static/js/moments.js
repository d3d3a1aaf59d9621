// Moments that say how long ago they were, and stay true while the page is open.

import { h } from "./dom.js";
import { formatAgo, formatMoment } from "./format.js";

const REFRESH_MILLISECONDS = 30000;

/** "3 minutes ago", with the exact moment for those who point at it and for machines. */
export function ago(iso) {
  if (!iso) return h("span", { class: "soft" }, "–");
  return h("time", { class: "ago", datetime: iso, title: formatMoment(iso) }, formatAgo(iso));
}

setInterval(() => {
  const now = Date.now();
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time.ago"))) element.textContent = formatAgo(element.dateTime, now);
}, REFRESH_MILLISECONDS);
