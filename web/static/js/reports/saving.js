// A download with its button and its outcome in words.

import { fill, h } from "../dom.js";
import { download, formatBytes } from "../transfer.js";
import { badge } from "../words.js";

/**
 * Download while a button is busy; what came of it stands in `outcome`. `explain(error)` may say more of a problem than its own words.
 * @param {HTMLButtonElement | HTMLButtonElement[]} button
 * @param {HTMLElement} outcome
 * @param {{path: string, params?: Record<string, any>, accept?: string, name?: string}} request
 * @param {(error: any) => any} explain
 */
export async function saveWith(button, outcome, request, explain = () => null) {
  const buttons = [button].flat();
  for (const one of buttons) one.disabled = true;
  fill(outcome, h("p", { class: "small soft" }, "Writing the file …"));
  try {
    const { name, bytes } = await download(request.path, request);
    fill(outcome, h("p", { class: "small" }, badge("file", "saved"), " ", name, h("span", { class: "soft" }, ` (${formatBytes(bytes)})`)));
  } catch (error) {
    fill(outcome, trouble(error, explain(error)));
  } finally {
    for (const one of buttons) one.disabled = false;
  }
}

/** A problem in its own words, or in better ones. */
export function trouble(error, better = null) {
  return h(
    "div",
    { class: "trouble" },
    better ?? h("p", { class: "field-problem" }, error.words ?? String(error.message ?? error)),
    error.requestId && error.status >= 500 && h("p", { class: "small soft" }, "Request ", h("code", {}, error.requestId)),
  );
}

/** Where outcomes stand; they are read out. */
export function outcomeLine(id) {
  return h("div", { class: "outcome", id, role: "status" });
}
