// The session of the page: when it has ended, a dialog asks for the key in place, so that nothing typed is lost, and the call is sent again.

import { announce, withdraw } from "./banner.js";
import { csrfToken, h } from "./dom.js";

const CHANNEL = "bellwether-session"; // between the tabs of a browser
const SESSION = "/api/v1/session";

let generation = 0; // counts sign-ins
/** @type {Promise<boolean> | null} */
let asking = null;
/** @type {HTMLDialogElement | null} */
let dialog = null;
let isPutOff = false;
const tabs = new BroadcastChannel(CHANNEL);

const meta = (name) => /** @type {HTMLMetaElement} */ (document.querySelector(`meta[name="${name}"]`));

/** Which sign-in a call is made with: hand it to `signInAgain` when the call was refused. */
export const sessionNow = () => generation;

/** Take a session for this page's. False when it is of another organization, or the page shows what its key may not see. */
function adopt(session) {
  const page = meta("account").content;
  if (page !== accountOf(session)) return false;
  meta("csrf-token").content = session.csrf_token;
  generation += 1;
  isPutOff = false;
  withdraw("session");
  return true;
}

const accountOf = ({ org_id: organization, is_admin: isAdmin }) => `${organization} ${isAdmin ? "master" : "key"}`;

/**
 * The session of a call has ended: ask for the key. Resolves to whether the call may be sent again.
 * A read is no reason to ask once more after somebody has put it off; a change is.
 * @param {number} usedBy - from `sessionNow` when the call was sent
 * @param {boolean} isChange
 */
export async function signInAgain(usedBy, isChange) {
  if (usedBy !== generation) return true;
  if (asking) return asking;
  if (isPutOff && !isChange) return false;
  return ask("Your session has ended");
}

/**
 * A change was refused: perhaps another tab has signed in meanwhile, and this page has the token of the session before.
 * Resolves to whether the change may be sent again.
 */
export async function refreshToken() {
  const before = csrfToken();
  const session = await readSession();
  return session !== null && session.csrf_token !== before && adopt(session);
}

async function readSession() {
  try {
    const answer = await fetch(SESSION, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    const session = answer.ok ? await answer.json() : null;
    return session?.csrf_token ? session : null;
  } catch {
    return null;
  }
}

/** @param {string} title */
function ask(title) {
  asking = new Promise((resolve) => {
    let isIn = false;
    const key = h("input", { id: "again-key", type: "password", autocomplete: "current-password", autocapitalize: "none", spellcheck: "false", required: true, maxlength: "500" });
    const problem = h("p", { class: "field-problem", role: "alert", id: "again-problem" });
    const submit = h("button", { type: "submit", class: "primary" }, "Sign in");
    const later = h("button", { type: "button", onclick: () => opened.close() }, "Not now");
    const form = h(
      "form",
      { class: "stack" },
      h("h2", { id: "again-title" }, title),
      h("p", {}, "Sign in again to go on. What you typed on this page stays."),
      h("input", { type: "text", name: "user", value: "api-key", autocomplete: "username", hidden: true }),
      h("label", { for: "again-key" }, "API key"),
      key,
      problem,
      h("div", { class: "row end" }, later, submit),
    );
    const opened = h("dialog", { class: "ask", id: "sign-in-again", "aria-labelledby": "again-title" }, form);
    const refuse = (text) => {
      problem.textContent = text;
      key.setAttribute("aria-invalid", "true");
      key.setAttribute("aria-describedby", "again-problem");
      key.focus();
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        const refused = await signIn(key.value);
        if (refused) return refuse(refused);
        const session = await readSession();
        if (!session) return refuse("The service did not answer. Try again.");
        key.value = "";
        isIn = adopt(session);
        tabs.postMessage("signed in");
        if (isIn) opened.close();
        else offerReload(form);
      } finally {
        submit.disabled = false;
      }
    });
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    opened.addEventListener("close", () => {
      opened.remove();
      dialog = asking = null;
      isIn ||= generation !== started;
      if (!isIn) putOff();
      else if (before?.isConnected) before.focus();
      resolve(isIn);
    });
    const started = generation;
    dialog = opened;
    document.body.append(opened);
    opened.showModal();
    key.focus();
  });
  return asking;
}

/** Ask for the reason that is known now: a read may have been refused before. @param {string} title */
function askBecause(title) {
  const asked = dialog?.querySelector("#again-title");
  if (asked) asked.textContent = title;
  else if (!asking) ask(title);
}

/** Another organization's key, or one that may do less: the page is another one with it. @param {HTMLElement} form */
function offerReload(form) {
  const load = h("button", { type: "button", class: "primary", onclick: () => location.reload() }, "Load the page again");
  form.replaceChildren(
    h("h2", { id: "again-title" }, "You are signed in with another key"),
    h("p", {}, "This page was made for the former key and must be loaded again for this one. What you typed in it will be lost."),
    h("div", { class: "row end" }, load),
  );
  load.focus();
}

/** Send the key. Resolves to what is wrong, or to "". @param {string} key */
async function signIn(key) {
  try {
    const answer = await fetch("/login", { method: "POST", body: new URLSearchParams({ key }), headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.ok) return "";
    return (await answer.json()).detail ?? `The service answered ${answer.status}.`;
  } catch {
    return "The service did not answer. Try again.";
  }
}

/** What stands above the page until somebody signs in. */
function putOff() {
  isPutOff = true;
  announce("session", "warn", "You are signed out: nothing more is loaded or stored.", h("button", { type: "button", onclick: () => ask("Sign in again") }, "Sign in"));
}

/** Tell the other tabs that this one signs out. */
export const tellSignedOut = () => tabs.postMessage("signed out");

/** Hear of other tabs, on a page that needs a session. */
export function watchSession() {
  if (!csrfToken()) return;
  tabs.addEventListener("message", async ({ data }) => {
    if (data === "signed out") askBecause("You have signed out in another tab");
    if (data === "signed in") await follow();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && (asking || isPutOff)) follow();
  });
}

/** Another tab has signed in, perhaps for this one, too. */
async function follow() {
  const session = await readSession();
  if (session && session.csrf_token !== csrfToken() && adopt(session)) dialog?.close();
}
