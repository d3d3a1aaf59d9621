// The pages that a header has no room for: on a narrow screen all are behind one button, on a wide one the rarer ones behind another.

import { byId } from "./dom.js";

export function wireMenu() {
  if (!document.getElementById("menu-button")) return;
  wireDisclosure(byId("menu-button"), byId("site-navigation"));
  wireDisclosure(byId("more-button"), byId("more-pages"));
}

/** The button shows and hides what it controls; Escape hides it, and so does going elsewhere.
 * @param {HTMLElement} button
 * @param {HTMLElement} controlled */
function wireDisclosure(button, controlled) {
  const open = (isOpen) => {
    button.setAttribute("aria-expanded", String(isOpen));
    controlled.classList.toggle("open", isOpen);
  };
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  button.addEventListener("click", () => open(!isOpen()));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    open(false);
    button.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Node} */ (event.target);
    if (isOpen() && !controlled.contains(target) && !button.contains(target)) open(false);
  });
  controlled.addEventListener("focusout", (event) => {
    const next = /** @type {Node | null} */ (event.relatedTarget);
    if (next && !controlled.contains(next) && next !== button) open(false);
  });
}
