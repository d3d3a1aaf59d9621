// The dialog before everything of an organization or of an account is removed: it asks for its name, typed, and for the present password.

import { form, labelled, passwordField, textIn } from "../account/forms.js";
import { h } from "../dom.js";
import { offerToShowPasswords } from "../show-password.js";

/**
 * Ask, and send what was typed. Resolves to true once it was sent and taken, and to false when it was called off. A refusal stands in the dialog.
 * @param {{title: string, words: string, label: string, name: string, confirm: string, hasPassword: boolean, send: (sent: any) => Promise<any>}} question
 * @returns {Promise<boolean>}
 */
export function confirmRemoval({ title, words, label, name, confirm, hasPassword, send }) {
  const typed = h("input", { id: "removal-confirm", maxlength: "254", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const proof = hasPassword && labelled("Present password", passwordField("removal-password", "current-password"));
  const controls = { confirm: typed.id, ...(hasPassword && { password: "removal-password", current: "removal-password" }) };
  let isDone = false;
  const act = async () => {
    await send({ confirm: typed.value, ...(hasPassword && { password: textIn("removal-password") || undefined }) });
    isDone = true;
    dialog.close();
  };
  const asked = form({ id: "removal-form", parts: [labelled(label, typed, name), proof], submit: confirm, isDanger: true, controls, send: act });
  asked.lastElementChild?.prepend(h("button", { type: "button", onclick: () => dialog.close() }, "Leave it"));
  const dialog = h("dialog", { class: "ask", "aria-labelledby": "removal-title" }, h("h2", { id: "removal-title" }, title), h("p", {}, words), asked);
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  document.body.append(dialog);
  offerToShowPasswords(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.();
      resolve(isDone);
    });
    dialog.showModal();
    typed.focus();
  });
}
