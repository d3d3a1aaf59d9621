// The watch lists: the default one, which is always there, and those with a name.

import { api } from "./api.js";

export const PAGE_SIZE = 500;

/** @typedef {{id: string, name: string, count?: number, has_ticker?: boolean | null}} List */

/** @type {List} */
export const DEFAULT_LIST = { id: "default", name: "Watchlist" };
export const LONGEST_NAME = 60;

export const isDefault = ({ id }) => id === DEFAULT_LIST.id;

/** Where a list's items are. @param {List} list */
export const itemsPath = (list) => (isDefault(list) ? "/watchlist" : `/watchlists/${encodeURIComponent(list.id)}/items`);

/** Where several items are added at once. @param {List} list */
export const batchPath = (list) => (isDefault(list) ? "/watchlist/items" : `${itemsPath(list)}/batch`);

/** Where an item is. @param {List} list @param {string} ticker */
export const itemPath = (list, ticker) => `${itemsPath(list)}/${encodeURIComponent(ticker)}`;

/** A list as a sentence names it. @param {List} list */
export const titleOf = (list) => (isDefault(list) ? "the watchlist" : `“${list.name}”`);

/** Every list; each says whether a ticker is on it, where one is named. @param {string} [ticker] @returns {Promise<List[]>} */
export async function readLists(ticker) {
  const { items } = await api.get("/watchlists", { ticker });
  return items;
}

/** Every item of a list. @param {List} list @returns {Promise<any[]>} */
export async function readItems(list) {
  const items = [];
  let cursor = null;
  do {
    const page = await api.get(itemsPath(list), { limit: PAGE_SIZE, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}
