// The one problem that a form tells at a time, and the control that it is about.

import { byId, fill } from "./dom.js";

/**
 * A function that tells a problem, or none, and marks and focuses the control of a field.
 * @param {string} place - the id of the element that tells it
 * @param {Record<string, string>} controls - the ids of the controls, by the API's names of the fields
 */
export function problemOf(place, controls) {
  return (text, field = "") => {
    for (const id of Object.values(controls)) byId(id).removeAttribute("aria-invalid");
    fill(byId(place), text);
    const id = controls[field.split(".")[0]];
    if (!text || !id) return;
    byId(id).setAttribute("aria-invalid", "true");
    byId(id).focus();
  };
}
