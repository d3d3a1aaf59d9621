// The universes as choices: the built-in ones stand in the page, the stored ones are asked for once.

import { api } from "./api.js";
import { h, notify } from "./dom.js";

/** @type {Promise<string[]> | null} */
let asked = null;

/** The names of the stored universes. */
export async function storedUniverses() {
  asked ??= api.get("/universes").then(({ items }) => items.filter((item) => !item.built_in).map((item) => item.name));
  try {
    return await asked;
  } catch (error) {
    asked = null;
    throw error;
  }
}

/** The watch lists beside the default one, as universes: name and label. */
async function watchLists() {
  const { items } = await api.get("/watchlists");
  return items.filter((list) => !list.is_default).map((list) => ({ name: `watchlist:${list.id}`, label: `Watch list: ${list.name}` }));
}

/** What each portfolio holds, as universes. */
async function portfolios() {
  const { items } = await api.get("/portfolios", { limit: 200 });
  return items.map(({ id, name }) => ({ name: `portfolio:${id}`, label: `Portfolio: ${name}` }));
}

/** Choose a universe in a select, which need not have it yet: the address may name one. */
export function chooseUniverse(select, name) {
  if (name && ![...select.options].some((option) => option.value === name)) select.append(h("option", { value: name }, name));
  select.value = name;
}

/** Put the watch lists, the portfolios and the stored universes into a select, after what it has already. What is chosen stays. */
export async function offerUniverses(select) {
  try {
    const [lists, held, names] = await Promise.all([watchLists(), portfolios(), storedUniverses()]);
    for (const { name, label } of [...lists, ...held, ...names.map((each) => ({ name: each, label: each }))]) {
      const offered = [...select.options].find((option) => option.value === name);
      if (offered) offered.textContent = label;
      else select.append(h("option", { value: name }, label));
    }
  } catch (error) {
    notify(`The universes could not be listed. ${error.words ?? error.message}`, { problem: true });
  }
}
