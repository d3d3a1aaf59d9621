// What the parts of the account page share: cards with a form, whose one problem stands at the control that it is about.

import { byId, fill, h } from "../dom.js";
import { problemOf } from "../form-problem.js";

/**
 * A card of the page.
 * @param {string} id
 * @param {string} title
 * @param {...any} children
 */
export function card(id, title, ...children) {
  return h("section", { class: "card", id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title`, tabindex: "-1" }, title), children);
}

/** A labelled control with a hint. @param {string} label @param {HTMLInputElement} control @param {string} [hint] */
export function labelled(label, control, hint = "") {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("p", { class: "small soft", id: `${control.id}-hint` }, hint));
}

/** A field for a password. @param {string} id @param {"current-password" | "new-password"} kind */
export const passwordField = (id, kind) => h("input", { id, type: "password", autocomplete: kind, maxlength: "1000" });

/**
 * A form that is sent once at a time. `controls` are the ids of its controls by the API's names.
 * @param {{id: string, parts: any[], submit: string, controls: Record<string, string>, isDanger?: boolean, send: () => Promise<any>}} form
 */
export function form({ id, parts, submit, controls, isDanger = false, send }) {
  const button = h("button", { type: "submit", class: isDanger ? "danger" : "primary" }, submit);
  const place = h("p", { class: "field-problem", role: "alert", id: `${id}-problem` });
  const element = h("form", { id, class: "stack account-form", novalidate: true }, parts, place, h("div", { class: "row" }, button));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const tell = problemOf(place.id, controls);
    button.disabled = true;
    tell("");
    try {
      await send();
    } catch (error) {
      if (!("status" in error)) console.error(error);
      tell(error.words ?? error.message, error.errors?.[0]?.field || (error.status === 403 ? "current" : ""));
    } finally {
      button.disabled = false;
    }
  });
  return element;
}

/** What stands in an input. @param {string} id */
export const textIn = (id) => /** @type {HTMLInputElement} */ (byId(id)).value;

/** Empty inputs. @param {...string} ids */
export function clear(...ids) {
  for (const id of ids) /** @type {HTMLInputElement} */ (byId(id)).value = "";
}

/** Put other children into a card, under its heading. @param {HTMLElement} element @param {...any} children */
export function redraw(element, ...children) {
  fill(element, element.firstElementChild, ...children);
}
