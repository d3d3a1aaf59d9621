// Making, renaming and deleting a watch list, with a way back. Each returns the id of the list to show; null when it was called off.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { notify } from "../dom.js";
import { batchPath, DEFAULT_LIST, itemPath, LONGEST_NAME, PAGE_SIZE, readItems, titleOf } from "../lists.js";
import { offerUndo } from "../undo.js";

/** @returns {Promise<string | null>} */
export async function createList() {
  const name = await ask({ title: "Make a watch list", confirm: "Make it", input: { label: "Name", isRequired: true, maxLength: LONGEST_NAME } });
  if (name === null) return null;
  const made = await api.post("/watchlists", { name });
  notify(`${titleOf(made)} is there. Add tickers to it.`);
  return made.id;
}

/** @param {import("../lists.js").List} list @returns {Promise<string | null>} */
export async function renameList({ id, name: before }) {
  const name = await ask({ title: `Rename ${before}`, confirm: "Rename", input: { label: "Name", value: before, isRequired: true, maxLength: LONGEST_NAME } });
  if (name === null || name === before) return null;
  const renamed = await api.patch(`/watchlists/${id}`, { name });
  notify(`“${before}” is called ${titleOf(renamed)} now.`);
  return id;
}

/**
 * Delete a list that stands behind another one; `undo(act)` does what brings it back.
 * @param {import("../lists.js").List} list
 * @param {string} after
 * @param {(act: () => Promise<string>) => Promise<void>} undo
 */
export async function deleteList(list, after, undo) {
  const items = await readItems(list);
  await api.delete(`/watchlists/${list.id}`);
  const what = items.length === 0 ? "" : items.length === 1 ? ", with its ticker" : `, with its ${items.length} tickers`;
  const back = async () => {
    const again = await restore({ name: list.name, after, items });
    notify(`${titleOf(again)} is there again.`);
    return again.id;
  };
  offerUndo(`${titleOf(list)} is deleted${what}.`, () => undo(back));
  return DEFAULT_LIST.id;
}

/** Make a list again: its tickers with their notes, in their order, behind the list it stood behind. */
async function restore({ name, after, items }) {
  const list = await api.post("/watchlists", { name });
  const inOrder = [...items].sort((one, other) => one.position - other.position);
  for (let at = 0; at < inOrder.length; at += PAGE_SIZE) {
    const some = inOrder.slice(at, at + PAGE_SIZE);
    const { items: added } = await api.post(batchPath(list), { tickers: some.map(({ ticker }) => ticker) });
    for (const [number, item] of some.entries()) {
      if (item.notes !== null || item.name !== added[number].name) await api.patch(itemPath(list, item.ticker), { name: item.name, notes: item.notes });
    }
  }
  // Another tab may have deleted what it stood behind: last is as good.
  await api.patch(`/watchlists/${list.id}`, { after }).catch(() => {});
  return list;
}
