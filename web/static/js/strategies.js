// The strategies, asked for once per page.

import { api } from "./api.js";
import { h, notify } from "./dom.js";

const names = new Map();
/** @type {Promise<void> | null} */
let asked = null;

async function load() {
  const { items } = await api.get("/strategies");
  for (const { id, name } of items) names.set(id, name);
}

/** Ask anew the next time: one was stored, changed or removed. */
export function forgetStrategies() {
  asked = null;
  names.clear();
}

/** Resolves once the strategies have their names, or could not be listed. */
export async function knowStrategies() {
  await namedStrategies().catch(() => {});
}

/** The strategies as [id, name] pairs. */
export async function namedStrategies() {
  asked ??= load();
  try {
    await asked;
  } catch (error) {
    asked = null;
    throw error;
  }
  return [...names];
}

/** Put the strategies into a select, after the options that it has already; one that is asked for by the address is chosen. */
export async function offerStrategies(select, chosen) {
  /** @type {[string, string][]} */
  let known;
  try {
    known = await namedStrategies();
  } catch (error) {
    notify(`The strategies could not be listed. ${error.words ?? error.message}`, { problem: true });
    return;
  }
  const offered = new Set([...select.options].map((option) => option.value));
  for (const [id, name] of known) if (!offered.has(id)) select.append(h("option", { value: id }, name));
  // While the list was on its way, somebody may have chosen.
  const wanted = select.dataset.touched ? select.value : chosen;
  if ([...select.options].some((option) => option.value === wanted)) select.value = wanted;
}

/** A strategy's name; its id until the strategies are known. */
export function strategyName(id) {
  return names.get(id) ?? id;
}
