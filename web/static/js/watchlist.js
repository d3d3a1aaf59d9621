// Taking a ticker off the watchlist, with a way back that restores its notes and its place.

import { api } from "./api.js";
import { notify } from "./dom.js";
import { offerUndo } from "./undo.js";

const PAGE_SIZE = 500;
const pathOf = (ticker) => `/watchlist/${encodeURIComponent(ticker)}`;

/** Every followed ticker. @returns {Promise<any[]>} */
export async function readWatchlist() {
  const items = [];
  let cursor = null;
  do {
    const page = await api.get("/watchlist", { limit: PAGE_SIZE, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

/** Follow a ticker. Somebody else may have been faster, which is as good. */
export async function follow(ticker) {
  try {
    await api.post("/watchlist", { ticker });
  } catch (error) {
    if (error.status !== 409) throw error;
  }
}

/** Stop following a ticker. @param {string} ticker */
export async function unfollow(ticker) {
  try {
    await api.delete(pathOf(ticker));
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

/**
 * Offer to follow an item again that was among `items`; `onBack()` is called when it is.
 * @param {any} item
 * @param {any[]} items
 * @param {() => any} onBack
 */
export function offerPutBack(item, items, onBack) {
  const earlier = items.filter(({ position }) => position < item.position).sort((one, other) => other.position - one.position);
  const after = earlier[0]?.ticker ?? null;
  offerUndo(`${item.ticker} is off the watchlist.`, async () => {
    if (!(await putBack(item, after))) return;
    await onBack();
    notify(`${item.ticker} is on the watchlist again.`);
  });
}

/** Follow a ticker again, with its notes, at the place where it stood. Whether it is followed afterwards. */
async function putBack({ ticker, name, notes }, after) {
  try {
    await api.post("/watchlist", { ticker, name, notes });
    await api.patch(pathOf(ticker), { after });
  } catch (error) {
    // It is there already, or what it stood behind is gone: it is followed again, which is what matters.
    if (error.status !== 409) {
      notify(`${ticker} could not be put back. ${error.words ?? error.message}`, { problem: true });
      return false;
    }
  }
  return true;
}

/**
 * Store the notes of a followed ticker; null for none. Notes that are taken away can be brought back.
 * @param {{ticker: string, notes: string | null}} item - as it was
 * @param {string | null} notes
 * @param {(notes: string | null) => void} onStored
 */
export async function storeNotes({ ticker, notes: before }, notes, onStored) {
  await api.patch(pathOf(ticker), { notes });
  onStored(notes);
  if (notes !== null) return notify(`Notes of ${ticker} saved.`);
  if (before === null) return notify(`${ticker} has no notes.`);
  offerUndo(`${ticker} has no notes now.`, async () => {
    try {
      await api.patch(pathOf(ticker), { notes: before });
      onStored(before);
      notify(`The notes of ${ticker} are back.`);
    } catch (error) {
      notify(`The notes of ${ticker} could not be brought back. ${error.words ?? error.message}`, { problem: true });
    }
  });
}
