// The dialog that asks somebody to sign in once more: by address and password, and a code where one is needed, by a passkey, or by an API key.

import { fill, h } from "./dom.js";
import { hasPasskeys, signInWithPasskey } from "./passkeys.js";
import { offerToShowPasswords } from "./show-password.js";

const SILENT = "The service did not answer. Try again.";

/**
 * Open the dialog. `readSession()` asks for the session as it is now; `take(session)` makes it the page's, and tells whether it can be.
 * It asks first for what the session was begun with. `closed` resolves once the dialog is gone.
 * @param {string} title
 * @param {{readSession: () => Promise<any>, take: (session: any) => boolean, isByKey: boolean, email: string, words?: string}} page
 */
export function openSignIn(title, { readSession, take, isByKey, email, words = "Sign in again to go on. What you typed on this page stays." }) {
  const fields = h("div", { class: "stack" });
  const problem = h("p", { class: "field-problem", role: "alert", id: "again-problem" });
  const submit = h("button", { type: "submit", class: "primary" }, "Sign in");
  const later = h("button", { type: "button", onclick: () => element.close() }, "Not now");
  const other = h("button", { type: "button", class: "link", onclick: () => ask(!isByKey) });
  const passkey = h("button", { type: "button", id: "again-passkey", onclick: byPasskey }, "Sign in with a passkey");
  const offersPasskey = document.querySelector('meta[name="passkeys"]') !== null && hasPasskeys();
  const ways = h("div", { class: "row" }, passkey, other);
  const form = h("form", { class: "stack" }, h("h2", { id: "again-title" }, title), h("p", {}, words), fields, problem, ways, h("div", { class: "row end" }, later, submit));
  const element = h("dialog", { class: "ask", id: "sign-in-again", "aria-labelledby": "again-title" }, form);
  let challenge = "";

  /** Ask for a key, or for the address and the password. @param {boolean} byKey */
  function ask(byKey) {
    isByKey = byKey;
    challenge = "";
    const parts = byKey ? [hiddenUser(), ...labelled("API key", { id: "again-key", name: "key", type: "password", autocomplete: "current-password", maxlength: "500" })] : personFields(email);
    other.textContent = byKey ? "Use e-mail and password instead" : "Use an API key instead";
    other.hidden = false;
    passkey.hidden = byKey || !offersPasskey;
    submit.textContent = "Sign in";
    draw(parts);
  }

  /** Ask for the second step. @param {string} given */
  function askForCode(given) {
    challenge = given;
    other.hidden = passkey.hidden = true;
    submit.textContent = "Go on";
    draw(labelled("Code of your authenticator app, or a recovery code", { id: "again-code", name: "code", autocomplete: "one-time-code", maxlength: "40" }));
  }

  /** @param {any[]} parts */
  function draw(parts) {
    fill(fields, parts);
    problem.textContent = "";
    offerToShowPasswords(fields);
    if (element.open) firstEmpty(fields).focus();
  }

  /** @param {string} text */
  function refuse(text) {
    problem.textContent = text;
    const field = lastOf(fields);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", "again-problem");
    field.focus();
  }

  async function submitted() {
    const sent = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    if (challenge) sent.set("challenge", challenge);
    if (sent.has("email")) email = sent.get("email") ?? "";
    const answer = await signIn(sent);
    if (answer.challenge) return askForCode(answer.challenge);
    if (answer.problem) return refuse(answer.problem);
    if (!(await goOn())) refuse(SILENT);
  }

  /** Go on with the session that was begun. Resolves to whether the service told of it. */
  async function goOn() {
    const session = await readSession();
    if (!session) return false;
    for (const field of fields.querySelectorAll("input")) field.value = "";
    if (take(session)) element.close();
    else offerReload(form);
    return true;
  }

  async function byPasskey() {
    passkey.disabled = submit.disabled = true;
    problem.textContent = "";
    try {
      await signInWithPasskey();
      if (!(await goOn())) throw new Error(SILENT);
    } catch (error) {
      problem.textContent = error.words ?? error.message;
    } finally {
      passkey.disabled = submit.disabled = false;
      if (element.open && problem.textContent) passkey.focus();
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await submitted();
    } finally {
      submit.disabled = false;
    }
  });
  /** @type {Promise<void>} */
  const closed = new Promise((resolve) => {
    element.addEventListener("close", () => {
      element.remove();
      resolve();
    });
  });
  document.body.append(element);
  ask(isByKey);
  element.showModal();
  firstEmpty(fields).focus();
  return { element, closed };
}

const hiddenUser = () => h("input", { type: "text", value: "api-key", autocomplete: "username", hidden: true });

/** @param {string} email */
function personFields(email) {
  return [
    ...labelled("E-mail address", { id: "again-email", name: "email", type: "email", autocomplete: "username", maxlength: "254", value: email }),
    ...labelled("Password", { id: "again-password", name: "password", type: "password", autocomplete: "current-password", maxlength: "1000" }),
  ];
}

/** @param {string} label @param {Record<string, string>} attributes */
function labelled(label, attributes) {
  return [h("label", { for: attributes.id }, label), h("input", { autocapitalize: "none", spellcheck: "false", required: true, ...attributes })];
}

const inputs = (place) => /** @type {HTMLInputElement[]} */ ([...place.querySelectorAll("input:not([hidden])")]);
const firstEmpty = (place) => inputs(place).find((field) => !field.value) ?? lastOf(place);
const lastOf = (place) => /** @type {HTMLInputElement} */ (inputs(place).at(-1));

/** Somebody else, another organization, or other rights: the page is another one with them. @param {HTMLElement} form */
function offerReload(form) {
  const load = h("button", { type: "button", class: "primary", onclick: () => location.reload() }, "Load the page again");
  form.replaceChildren(
    h("h2", { id: "again-title" }, "You are signed in as another than before"),
    h("p", {}, "This page was made for another person, key or organization and must be loaded again for this one. What you typed in it will be lost."),
    h("div", { class: "row end" }, load),
  );
  load.focus();
}

/** Send what was typed. Resolves to what is wrong, to the challenge of a second step, or to neither. @param {URLSearchParams} body */
async function signIn(body) {
  try {
    const answer = await fetch("/login", { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.ok) return { problem: "", challenge: "" };
    const { code, detail, challenge } = await answer.json();
    if (code === "totp_required") return { problem: "", challenge };
    return { problem: detail ?? `The service answered ${answer.status}.`, challenge: "" };
  } catch {
    return { problem: SILENT, challenge: "" };
  }
}
