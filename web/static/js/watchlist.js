// Taking a ticker off a watch list, with a way back that restores its notes and its place. Without a list it is the default one.

import { api } from "./api.js";
import { notify } from "./dom.js";
import { DEFAULT_LIST, itemPath, itemsPath, readItems, titleOf } from "./lists.js";
import { offerUndo } from "./undo.js";

/** Every followed ticker of the default list. @returns {Promise<any[]>} */
export const readWatchlist = () => readItems(DEFAULT_LIST);

/** Follow a ticker. Somebody else may have been faster, which is as good. */
export async function follow(ticker, list = DEFAULT_LIST) {
  try {
    await api.post(itemsPath(list), { ticker });
  } catch (error) {
    if (error.status !== 409) throw error;
  }
}

/** Take a ticker off a list. @param {string} ticker */
export async function unfollow(ticker, list = DEFAULT_LIST) {
  try {
    await api.delete(itemPath(list, ticker));
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

/** The ticker behind which an item stands among others; null for the first. @returns {string | null} */
export function placeOf(item, items) {
  const earlier = items.filter(({ position }) => position < item.position).sort((one, other) => other.position - one.position);
  return earlier[0]?.ticker ?? null;
}

/**
 * Offer to put an item on a list again that was among `items`; `onBack()` is called when it is.
 * @param {any} item
 * @param {any[]} items
 * @param {() => any} onBack
 */
export function offerPutBack(item, items, onBack, list = DEFAULT_LIST) {
  const after = placeOf(item, items);
  offerUndo(`${item.ticker} is off ${titleOf(list)}.`, async () => {
    try {
      await putBack(item, after, list);
    } catch (error) {
      return notify(`${item.ticker} could not be put back. ${error.words ?? error.message}`, { problem: true });
    }
    await onBack();
    notify(`${item.ticker} is on ${titleOf(list)} again.`);
  });
}

/** Follow a ticker again, with its notes, at the place where it stood. */
export async function putBack({ ticker, name, notes }, after, list = DEFAULT_LIST) {
  try {
    await api.post(itemsPath(list), { ticker, name, notes });
    await api.patch(itemPath(list, ticker), { after });
  } catch (error) {
    // It is there already, or what it stood behind is gone: it is followed again, which is what matters.
    if (error.status !== 409) throw error;
  }
}

/**
 * Store the notes of a followed ticker; null for none. Notes that are taken away can be brought back.
 * @param {{ticker: string, notes: string | null}} item - as it was
 * @param {string | null} notes
 * @param {(notes: string | null) => void} onStored
 */
export async function storeNotes({ ticker, notes: before }, notes, onStored, list = DEFAULT_LIST) {
  const path = itemPath(list, ticker);
  await api.patch(path, { notes });
  onStored(notes);
  if (notes !== null) return notify(`Notes of ${ticker} saved.`);
  if (before === null) return notify(`${ticker} has no notes.`);
  offerUndo(`${ticker} has no notes now.`, async () => {
    try {
      await api.patch(path, { notes: before });
      onStored(before);
      notify(`The notes of ${ticker} are back.`);
    } catch (error) {
      notify(`The notes of ${ticker} could not be brought back. ${error.words ?? error.message}`, { problem: true });
    }
  });
}
