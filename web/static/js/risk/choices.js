// What can be measured: any ticker, or one of the organization's own portfolios and indexes, which are typed by their kind and name.

import { api } from "../api.js";
import { isTicker } from "../tickers.js";

const SOURCES = [
  ["/portfolios", "Portfolio"],
  ["/indexes", "Index"],
];
const MOST = 500; // more than can be stored
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Choices {
  #labels = /** @type {Map<string, string>} */ (new Map()); // by id

  /** Read the portfolios and indexes; without them there are tickers. */
  async load() {
    const answers = await Promise.all(SOURCES.map(([path]) => api.get(path, { limit: MOST }).catch(() => ({ items: [] }))));
    this.#labels = new Map(answers.flatMap(({ items }, at) => items.map(({ id, name }) => [id, `${SOURCES[at][1]}: ${name}`])));
  }

  /** The names of portfolios and indexes, as they are typed. */
  names = () => [...this.#labels.values()];

  /** The ticker or the id that a text means, or null. @param {string} text @returns {string | null} */
  referenceOf(text) {
    const typed = text.trim().toLowerCase();
    const [id] = [...this.#labels].find(([, label]) => label.toLowerCase() === typed) ?? [];
    if (id) return id;
    if (ID.test(typed)) return typed;
    return isTicker(typed) ? typed.toUpperCase() : null;
  }

  /** How a ticker or an id is typed. @param {string} reference */
  labelOf = (reference) => this.#labels.get(reference) ?? reference;
}
