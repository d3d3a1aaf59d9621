// On the watchlist or not, and the way to change it.

import { api } from "../api.js";
import { h, notify } from "../dom.js";

const LIMIT = 500;

/** A button for a ticker; it is disabled until it is known whether the ticker is followed. */
export function watchButton(ticker) {
  let followed = false;
  const button = h("button", { type: "button", id: "watch", disabled: true, "aria-pressed": "false" }, "Add to watchlist");
  const show = (now) => {
    followed = now;
    button.disabled = false;
    button.setAttribute("aria-pressed", String(now));
    button.textContent = now ? "✓ On the watchlist" : "Add to watchlist";
    button.title = now ? "Remove it from the watchlist" : "";
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      show(await change(ticker, followed));
      notify(followed ? `${ticker} is on the watchlist.` : `${ticker} is off the watchlist.`);
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
      button.disabled = false;
    }
  });
  isFollowed(ticker).then(show, () => show(false)); // adding it twice does no harm
  return button;
}

/** Whether it is followed afterwards. Somebody else may have been faster: that is what was wanted, too. */
async function change(ticker, followed) {
  try {
    if (followed) await api.delete(`/watchlist/${encodeURIComponent(ticker)}`);
    else await api.post("/watchlist", { ticker });
  } catch (error) {
    if (error.status !== (followed ? 404 : 409)) throw error;
  }
  return !followed;
}

async function isFollowed(ticker) {
  let cursor = null;
  do {
    const page = await api.get("/watchlist", { limit: LIMIT, cursor });
    if (page.items.some((item) => item.ticker === ticker)) return true;
    cursor = page.next_cursor;
  } while (cursor !== null);
  return false;
}
