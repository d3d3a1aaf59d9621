// The portfolios and the indexes of an organization as boxes to check, of which none means all.

import { api } from "./api.js";
import { fill, h } from "./dom.js";

const AT_ONCE = 100;
const PATHS = { portfolios: "/portfolios", indexes: "/indexes" };

/** @param {"portfolios" | "indexes"} kind @returns {Promise<[id: string, name: string][]>} */
async function listed(kind) {
  /** @type {[string, string][]} */
  const found = [];
  for (let cursor = null; ; ) {
    const { items, next_cursor: next } = await api.get(PATHS[kind], { limit: AT_ONCE, cursor });
    found.push(...items.map(({ id, name }) => /** @type {[string, string]} */ ([id, name])));
    if (!next) return found;
    cursor = next;
  }
}

/**
 * Boxes for all there are. What is chosen and is no longer there stands among them, so that it can be taken off.
 * @param {"portfolios" | "indexes"} kind
 * @param {string[] | undefined} chosen - ids
 */
export function ownedChoice(kind, chosen = []) {
  const place = h("div", { class: "checks" });
  const box = ([id, name]) => h("label", {}, h("input", { type: "checkbox", name: kind, value: id, checked: chosen.includes(id) }), name);
  /** @param {[string, string][]} known */
  const draw = (known) => {
    const gone = chosen.filter((id) => !known.some(([each]) => each === id)).map((id) => /** @type {[string, string]} */ ([id, `${id.slice(0, 8)}…, which is no longer there`]));
    fill(place, [...known, ...gone].map(box), !known.length && h("span", { class: "small soft" }, "There are none yet."));
  };
  draw([]);
  listed(kind)
    .then(draw)
    .catch((error) =>
      fill(
        place,
        chosen.map((id) => box([id, id])),
        h("span", { class: "small soft" }, `The ${kind} could not be listed. ${error.words ?? error.message}`),
      ),
    );
  return h("fieldset", {}, h("legend", {}, `Which ${kind} (none: all)`), place);
}

/** The ids that are chosen within an element. @param {ParentNode} within @param {"portfolios" | "indexes"} kind @returns {string[]} */
export const ownedIn = (within, kind) => [...within.querySelectorAll(`input[name=${kind}]:checked`)].map((box) => /** @type {HTMLInputElement} */ (box).value);
