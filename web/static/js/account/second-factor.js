// The second factor: set up by an app, by its picture or its letters; recovery codes, shown once; and removing it.

import { api } from "../api.js";
import { copy } from "../copying.js";
import { ask } from "../dialog.js";
import { h, notify } from "../dom.js";
import { offerToShowPasswords } from "../show-password.js";
import { card, form, labelled, passwordField, redraw, textIn } from "./forms.js";

const FEW = 3; // recovery codes, of which somebody should make new ones
const CONTROLS = { password: "factor-password", current: "factor-password" };

/** The card of the second factor. @param {any} me */
export function secondFactor(me) {
  const element = card("second-factor", "Second factor");

  function draw() {
    show(me.two_factor ? on() : off());
  }

  /** @param {...any} children */
  function show(...children) {
    redraw(element, children);
    offerToShowPasswords(element);
  }

  const proof = () => (me.has_password ? { password: textIn("factor-password") } : {});
  const passwordPart = () => me.has_password && labelled("Present password", passwordField("factor-password", "current-password"));
  const controls = () => (me.has_password ? CONTROLS : {});

  function off() {
    const begin = async () => setUp(await api.post("/auth/totp", proof()));
    return [
      h("p", {}, "Signing in needs your password alone. With an authenticator app on your phone it needs a code, too, so that a password that somebody else learns is not enough."),
      form({ id: "factor-form", parts: [passwordPart()], submit: "Set up an app", controls: controls(), send: begin }),
    ];
  }

  function setUp({ secret, qr }) {
    const letters = h("input", { id: "factor-secret", readonly: true, value: secret, spellcheck: "false", autocomplete: "off", class: "key-value" });
    const code = h("input", { id: "factor-code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "40", spellcheck: "false" });
    const confirm = async () => {
      const { recovery_codes: codes } = await api.post("/auth/totp/confirm", { code: code.value.trim() });
      me = { ...me, two_factor: true, recovery_codes: codes.length };
      showCodes(codes, "Your second factor is set up.");
    };
    show(
      h("ol", { class: "steps" }, h("li", {}, "Scan this picture with an authenticator app, or type the letters into it."), h("li", {}, "Type the code that the app shows.")),
      h("img", { class: "qr", src: `data:image/svg+xml,${encodeURIComponent(qr)}`, alt: "QR code for an authenticator app; the letters below say the same" }),
      h("div", { class: "row" }, labelled("Letters for the app", letters), h("button", { type: "button", onclick: () => copy(secret, "The secret", letters) }, "Copy the letters")),
      form({ id: "factor-confirm", parts: [labelled("Code of the app", code)], submit: "Turn it on", controls: { code: "factor-code" }, send: confirm }),
      h("button", { type: "button", onclick: draw }, "Leave it off"),
    );
    code.focus();
  }

  /** @param {string[]} codes @param {string} words */
  function showCodes(codes, words) {
    const text = codes.join("\n");
    const link = h("a", { class: "button", download: "bellwether-recovery-codes.txt", href: `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}` }, "Download");
    const title = h("h3", { tabindex: "-1", id: "codes-title" }, `${words} Store these recovery codes now.`);
    show(
      title,
      h("p", {}, "Each is good for one sign-in, for when you have lost the device. They are shown this once."),
      h(
        "ul",
        { class: "codes", id: "recovery-codes" },
        codes.map((code) => h("li", {}, h("code", {}, code))),
      ),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", class: "primary", onclick: () => copy(text, "The list of codes") }, "Copy"),
        link,
        h("button", { type: "button", onclick: draw }, "I have stored them"),
      ),
    );
    title.focus();
  }

  function on() {
    const renew = async () => {
      const { recovery_codes: codes } = await api.post("/auth/totp/recovery-codes", proof());
      me = { ...me, recovery_codes: codes.length };
      showCodes(codes, "The codes before are good for nothing.");
    };
    const remove = async () => {
      const sent = proof();
      if ((await ask({ title: "Remove the second factor?", words: "Signing in needs your password alone again. The recovery codes are deleted.", confirm: "Remove it", isDanger: true })) === null)
        return;
      await api.post("/auth/totp/remove", sent);
      me = { ...me, two_factor: false, recovery_codes: 0 };
      draw();
      notify("The second factor is removed.");
      /** @type {HTMLElement} */ (element.firstElementChild).focus();
    };
    const left = `${me.recovery_codes} recovery ${me.recovery_codes === 1 ? "code is" : "codes are"} left.`;
    const removing = h("button", { type: "button", class: "danger", onclick: () => press(remove) }, "Remove the second factor …");
    const element_ = form({ id: "factor-form", parts: [passwordPart()], submit: "Make new recovery codes", controls: controls(), send: renew });
    /** The form's own sending tells problems at the field; so does this. @param {() => Promise<void>} act */
    async function press(act) {
      removing.disabled = true;
      try {
        await act();
      } catch (error) {
        notify(`The second factor stays. ${error.words ?? error.message}`, { problem: true });
        document.getElementById("factor-password")?.focus();
      } finally {
        removing.disabled = false;
      }
    }
    element_.lastElementChild?.append(removing);
    return [h("p", {}, h("span", { class: "badge good" }, "On"), " Signing in needs a code as well."), h("p", { class: me.recovery_codes <= FEW ? "remedy" : "" }, left), element_];
  }

  draw();
  return element;
}
