// What something can be held against or measured: any ticker, or one of the organization's portfolios and indexes, which are typed by their kind and name.

import { api } from "./api.js";
import { isTicker, tickerAddress } from "./tickers.js";

const SOURCES = [
  { path: "/portfolios", kind: "Portfolio", page: "/portfolios?id=" },
  { path: "/indexes", kind: "Index", page: "/indices?index=" },
];
const MOST = 500; // more than can be stored
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class References {
  #known = /** @type {Map<string, {name: string, label: string, address: string}>} */ (new Map()); // by id

  /** Read the portfolios and indexes; without them there are tickers. */
  async load() {
    const answers = await Promise.all(SOURCES.map(({ path }) => api.get(path, { limit: MOST }).catch(() => ({ items: [] }))));
    const told = ({ kind, page }, { id, name }) => /** @type {[string, any]} */ ([id, { name, label: `${kind}: ${name}`, address: page + id }]);
    this.#known = new Map(answers.flatMap(({ items }, at) => items.map((item) => told(SOURCES[at], item))));
    return this;
  }

  /** How the portfolios and indexes are typed. */
  labels = () => [...this.#known.values()].map(({ label }) => label);

  /** The ticker or the id that a text means, or null. @param {string} text @returns {string | null} */
  referenceOf(text) {
    const typed = text.trim().toLowerCase();
    const [id] = [...this.#known].find(([, { label }]) => label.toLowerCase() === typed) ?? [];
    if (id) return id;
    if (ID.test(typed)) return typed;
    return isTicker(typed) ? typed.toUpperCase() : null;
  }

  /** How a ticker or an id is typed. @param {string} reference */
  labelOf = (reference) => this.#known.get(reference)?.label ?? reference;

  /** What a ticker or an id is called. @param {string} reference */
  nameOf = (reference) => this.#known.get(reference)?.name ?? (ID.test(reference) ? "something that is no longer there" : reference);

  /** The page that shows it; null for what is no longer there. @param {string} reference */
  addressOf = (reference) => this.#known.get(reference)?.address ?? (ID.test(reference) ? null : tickerAddress(reference));
}
