// The lines above the page's content that hold for all of it: no answer, a session that ended, a pause. A line for each kind, the newest words.

import { byId, h } from "./dom.js";

/** @type {Map<string, HTMLElement>} */
const lines = new Map();

/**
 * Say something of a kind, in place of what was said of it; `children` as for `h`.
 * @param {string} kind
 * @param {"bad" | "warn" | "good"} tone
 * @param {...any} children
 */
export function announce(kind, tone, ...children) {
  const line = h("div", { class: `banner-line ${tone}`, dataset: { kind } }, ...children);
  const former = lines.get(kind);
  if (former?.isConnected) former.replaceWith(line);
  else byId("banner").append(line);
  lines.set(kind, line);
}

/** Take back what was said of a kind. @param {string} kind */
export function withdraw(kind) {
  lines.get(kind)?.remove();
  lines.delete(kind);
}
