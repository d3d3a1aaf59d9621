// A button at each field of a password, which shows what was typed. Before it is sent it is hidden again: browsers keep what stands in plain fields.

import { h } from "./dom.js";

/** @param {ParentNode} within */
export function offerToShowPasswords(within) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (within.querySelectorAll("input[type=password][autocomplete$=-password]:not([data-shows])")))
    if (!field.id.endsWith("key")) offer(field);
}

/** @param {HTMLInputElement} field */
function offer(field) {
  field.dataset.shows = "";
  const show = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  };
  const label = field.labels?.[0];
  if (label) label.id ||= `${field.id}-label`;
  const button = h("button", { type: "button", class: "show-password", "aria-pressed": "false", "aria-describedby": label?.id, onclick: () => show(field.type === "password") }, "Show");
  const place = h("span", { class: "password-place" });
  const hadFocus = document.activeElement === field;
  field.replaceWith(place);
  place.append(field, button);
  if (hadFocus) field.focus();
  field.form?.addEventListener("submit", () => show(false), { capture: true });
}
