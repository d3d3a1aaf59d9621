// The channels that there are, and as choices before what a select offers besides.

import { api } from "../api.js";
import { h } from "../dom.js";
import { typeName } from "./types.js";

const MOST = 500;

/** All channels, by name. */
export async function listChannels() {
  return (await api.get("/channels", { limit: MOST })).items;
}

/** Put the channels that are switched on first into a select, and choose the first; what was put there before is replaced. */
export async function offerChannels(/** @type {HTMLSelectElement} */ select) {
  for (const option of select.querySelectorAll("option[data-channel]")) option.remove();
  const known = (await listChannels()).filter((channel) => channel.enabled);
  select.prepend(...known.map(({ id, name, type }) => h("option", { value: id, dataset: { channel: id } }, `${name} (${typeName(type)})`)));
  select.selectedIndex = 0;
}
