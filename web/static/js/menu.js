// The menu of pages on a narrow screen; on a wide one all pages stand in the header.

import { byId } from "./dom.js";

export function wireMenu() {
  const button = document.getElementById("menu-button");
  if (!button) return;
  const navigation = byId("site-navigation");
  const open = (isOpen) => {
    button.setAttribute("aria-expanded", String(isOpen));
    navigation.classList.toggle("open", isOpen);
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
    if (isOpen() && !navigation.contains(target) && !button.contains(target)) open(false);
  });
  navigation.addEventListener("focusout", (event) => {
    const next = /** @type {Node | null} */ (event.relatedTarget);
    if (next && !navigation.contains(next) && next !== button) open(false);
  });
}
