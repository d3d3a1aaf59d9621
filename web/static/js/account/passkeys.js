// Passkeys: each with its last use, giving one another name, removing one, and adding one for this device.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { h, notify } from "../dom.js";
import { ago } from "../moments.js";
import { createPasskey, hasPasskeys, UNKNOWN } from "../passkeys.js";
import { offerToShowPasswords } from "../show-password.js";
import { card, clear, form, labelled, passwordField, redraw, textIn } from "./forms.js";

const OFF = "They are off here: whoever runs the service sets PUBLIC_URL to its https address.";
const WHAT = "A passkey signs you in without a password and without a code: your device asks for your finger, your face or its PIN.";

/** The card of the passkeys. @param {any} me */
export function passkeys(me) {
  const element = card("passkeys", "Passkeys");
  const controls = { name: "passkey-name", ...(me.has_password && { password: "passkey-password", current: "passkey-password" }) };
  const proof = () => (me.has_password ? { password: textIn("passkey-password") } : {});

  async function refresh() {
    const { items, available } = await api.get("/auth/passkeys");
    const list = items.length ? h("ul", { class: "plain-list", id: "passkey-list" }, items.map(row)) : h("p", { class: "soft", id: "no-passkeys" }, "You have none.");
    const why = available ? (hasPasskeys() ? "" : UNKNOWN) : OFF;
    redraw(element, h("p", {}, WHAT), list, why && h("p", { class: "remedy" }, why), (items.length > 0 || !why) && password(), !why && adding());
    offerToShowPasswords(element);
  }

  const password = () => me.has_password && labelled("Present password", passwordField("passkey-password", "current-password"), "To add or to remove a passkey.");

  function adding() {
    const name = h("input", { id: "passkey-name", maxlength: "100", autocomplete: "off" });
    const add = async () => {
      await createPasskey(textIn("passkey-name"), proof());
      notify("The passkey is added. You can sign in with it from now on.");
      await refresh();
    };
    return form({ id: "passkey-form", parts: [labelled("Name of this device", name)], submit: "Add a passkey", controls, send: add });
  }

  function row(one) {
    const used = one.last_used_at ? ["last used ", ago(one.last_used_at)] : "never used";
    const rename = h("button", { type: "button", "aria-label": `Rename ${one.name}`, onclick: () => renameOne(one) }, "Rename …");
    const remove = h("button", { type: "button", class: "danger", "aria-label": `Remove ${one.name}`, onclick: () => removeOne(one) }, "Remove …");
    const words = h("span", { class: "small soft" }, " · added ", ago(one.created_at), " · ", used, one.backed_up && " · also on your other devices");
    return h("li", { class: "spread", dataset: { passkey: one.id } }, h("span", {}, h("strong", {}, one.name), words), h("span", { class: "row" }, rename, remove));
  }

  async function renameOne(one) {
    const name = await ask({ title: "Rename the passkey", confirm: "Rename", input: { label: "Name", value: one.name, isRequired: true, maxLength: 100 } });
    if (name !== null) await done(() => api.patch(`/auth/passkeys/${one.id}`, { name }), "The passkey is renamed.", "The passkey keeps its name.");
  }

  async function removeOne(one) {
    const words = "The device keeps it, but it signs nobody in any more.";
    if ((await ask({ title: `Remove ${one.name}?`, words, confirm: "Remove it", isDanger: true })) === null) return;
    await done(() => api.post(`/auth/passkeys/${one.id}/remove`, proof()), "The passkey is removed.", "The passkey stays.");
  }

  /** @param {() => Promise<any>} send @param {string} said @param {string} failed */
  async function done(send, said, failed) {
    try {
      await send();
      if (me.has_password) clear("passkey-password");
      notify(said);
      await refresh();
    } catch (error) {
      notify(`${failed} ${error.words ?? error.message}`, { problem: true });
    }
  }

  refresh().catch((error) => redraw(element, h("p", { class: "remedy" }, error.words ?? error.message)));
  return element;
}
