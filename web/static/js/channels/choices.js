// Channels as choices, before what a select offers besides.

import { api } from "../api.js";
import { h } from "../dom.js";
import { typeName } from "./types.js";

const MOST = 500;

/** Put the channels that are switched on first into a select, and choose the first; what was put there before is replaced. */
export async function offerChannels(/** @type {HTMLSelectElement} */ select) {
  const { items } = await api.get("/channels", { limit: MOST });
  for (const option of select.querySelectorAll("option[data-channel]")) option.remove();
  const known = items.filter((channel) => channel.enabled);
  select.prepend(...known.map(({ id, name, type }) => h("option", { value: id, dataset: { channel: id } }, `${name} (${typeName(type)})`)));
  select.selectedIndex = 0;
}
