// What every page has: the search for a ticker, and signing out.

import { byId, csrfToken, notify } from "./dom.js";

byId("ticker-search")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const ticker = /** @type {HTMLInputElement} */ (byId("ticker-search-field")).value.trim().toUpperCase();
  if (ticker) location.assign(`/tickers/${encodeURIComponent(ticker)}`);
});

byId("sign-out")?.addEventListener("click", async () => {
  try {
    const answer = await fetch("/logout", { method: "POST", headers: { "X-CSRF-Token": csrfToken() }, credentials: "same-origin" });
    if (!answer.ok && answer.status !== 401) throw new Error(String(answer.status));
    location.assign("/login");
  } catch {
    notify("You are still signed in: the service did not answer. Try again.", { problem: true });
  }
});
