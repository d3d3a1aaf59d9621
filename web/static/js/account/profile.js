// One's name, address and password. Another address and another password need the present password.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { card, clear, form, labelled, passwordField, textIn } from "./forms.js";

/** The card of the name and the address. @param {any} me @param {(me: any) => void} changed */
export function profile(me, changed) {
  const name = h("input", { id: "me-name", value: me.name, maxlength: "100", autocomplete: "name" });
  const email = h("input", { id: "me-email", type: "email", value: me.email, maxlength: "254", autocomplete: "email", autocapitalize: "none", spellcheck: "false" });
  const proof = labelled("Present password, for another address", passwordField("me-password", "current-password"));
  const showProof = () => (proof.hidden = email.value.trim() === me.email || !me.has_password);
  email.addEventListener("input", showProof);
  showProof();
  const send = async () => {
    const isMoved = email.value.trim() !== me.email;
    me = await api.patch("/auth/me", { name: name.value, ...(isMoved && { email: email.value, ...(me.has_password && { password: textIn("me-password") }) }) });
    clear("me-password");
    showProof();
    changed(me);
    notify("Your name and address are stored.");
  };
  const controls = { name: "me-name", email: "me-email", password: "me-password", current: "me-password" };
  return card("who-i-am", "Who you are", form({ id: "profile-form", parts: [labelled("Name", name), labelled("E-mail address", email), proof], submit: "Store", controls, send }));
}

/** The card of the password. @param {any} me */
export function password(me) {
  const others = h("input", { type: "checkbox", id: "end-others" });
  others.checked = true;
  const parts = [
    me.has_password && labelled("Present password", passwordField("password-now", "current-password")),
    labelled("New password", passwordField("password-new", "new-password"), "At least 8 characters, any of them. A few words in a row are good, and easy to remember."),
    h("label", { class: "choice" }, others, " End all other sign-ins"),
  ];
  const send = async () => {
    await api.put("/auth/password", { new: textIn("password-new"), end_others: others.checked, ...(me.has_password && { current: textIn("password-now") }) });
    clear(...(me.has_password ? ["password-now"] : []), "password-new");
    notify(`Your new password is set.${others.checked ? " All other sign-ins have ended." : ""}`);
    document.dispatchEvent(new CustomEvent("sign-ins-changed"));
  };
  const controls = { ...(me.has_password && { current: "password-now" }), password: "password-new", new: "password-new" };
  return card("password", "Password", form({ id: "password-form", parts, submit: "Set the new password", controls, send }));
}
