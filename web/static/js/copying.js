// Copying a text, where the browser lets pages do so.

import { notify } from "./dom.js";

/**
 * Copy a text and say so. Browsers refuse it to pages that do not come by HTTPS or from this machine: then the field is selected instead.
 * @param {string} text
 * @param {string} what - for the message: "The key"
 * @param {HTMLInputElement | null} field
 */
export async function copy(text, what, field = null) {
  try {
    await navigator.clipboard.writeText(text);
    notify(`${what} is copied.`);
  } catch {
    field?.focus();
    field?.select();
    notify(`The browser does not let this page copy. ${field ? "It is selected: press Ctrl+C." : text}`, { problem: true });
  }
}
