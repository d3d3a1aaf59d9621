// The session of the page: when it has ended, a dialog asks in place for what it was begun with, so that nothing typed is lost, and the call is sent again.

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
let reason = ""; // why somebody is asked to sign in
const tabs = new BroadcastChannel(CHANNEL);

/** @param {string} name */
const meta = (name) => /** @type {HTMLMetaElement} */ (document.querySelector(`meta[name="${name}"]`));

/** Which sign-in a call is made with: hand it to `signInAgain` when the call was refused. */
export const sessionNow = () => generation;

/** The organization that the page was made for; "" on a page that needs no session. */
export const organizationOfPage = () => meta("account").content.split(" ")[0];

/** Whether somebody looks at the page who may read, and no more. */
export const isViewer = () => meta("account").content.split(" ")[2] === "viewer";

/** Make a session the page's, on one that is the same for everybody. @param {any} session */
export function setSession(session) {
  meta("account").content = accountOf(session);
  meta("csrf-token").content = session.csrf_token;
  generation += 1;
}

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

// As web/pages.py writes it.
const accountOf = ({ org_id: organization, user_id: user, role, is_admin: isAdmin }) => `${organization} ${user ?? "key"} ${isAdmin ? "operator" : (role ?? "")}`;

/**
 * The session of a call has ended: ask for another. Resolves to whether the call may be sent again.
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
  reason = title;
  asking = askInPlace();
  return asking;
}

/** Open the dialog, which is loaded now: most visits do without. Resolves to whether the calls may be sent again. @returns {Promise<boolean>} */
async function askInPlace() {
  const started = generation;
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  let isIn = false;
  const take = (session) => {
    isIn = adopt(session);
    tabs.postMessage("signed in");
    return isIn;
  };
  try {
    const { openSignIn } = await import("./sign-in-again.js");
    if (generation === started) {
      const isByKey = meta("account").content.split(" ")[1] === "key";
      const { element, closed } = openSignIn(reason, { readSession, take, isByKey, email: document.getElementById("who")?.dataset.email ?? "" });
      dialog = element;
      await closed;
    }
  } catch {
    // Without an answer from the service nobody can sign in; the line above the page offers it again.
  }
  dialog = asking = null;
  isIn ||= generation !== started;
  if (!isIn) putOff();
  else if (before?.isConnected) before.focus();
  return isIn;
}

/** Ask for the reason that is known now: a read may have been refused before. @param {string} title */
function askBecause(title) {
  reason = title;
  const asked = dialog?.querySelector("#again-title");
  if (asked) asked.textContent = title;
  else if (!asking) ask(title);
}

/** What stands above the page until somebody signs in. */
function putOff() {
  isPutOff = true;
  announce("session", "warn", "You are signed out: nothing more is loaded or stored.", h("button", { type: "button", onclick: () => ask("Sign in again") }, "Sign in"));
}

/**
 * The session acts for another organization than the page was made for, since somebody changed to it in another tab: what the page would send is refused.
 * What was typed stays until somebody loads the page again, or changes back.
 */
export function tellOtherOrganization() {
  announce(
    "organization",
    "warn",
    "You act for another organization now, as changed in another tab. Nothing more of this page is loaded or stored.",
    h("button", { type: "button", onclick: () => location.reload() }, "Load the page again"),
    h("button", { type: "button", onclick: changeBack }, "Change back"),
  );
}

async function changeBack() {
  const { api } = await import("./api.js");
  try {
    const session = await readSession();
    const isSame = session?.user_id === meta("account").content.split(" ")[1];
    if (!isSame) return location.reload();
    const options = { headers: { "X-Organization": String(session.org_id) } };
    await api.put("/auth/organization", { organization_id: Number(organizationOfPage()) }, options);
    withdraw("organization");
    tellSwitched();
  } catch {
    location.reload();
  }
}

/** Tell the other tabs that this one acts for another organization now. */
export const tellSwitched = () => tabs.postMessage("switched");

/** Tell the other tabs that this one signs out. */
export const tellSignedOut = () => tabs.postMessage("signed out");

/** Hear of other tabs, on a page that needs a session. */
export function watchSession() {
  if (!csrfToken()) return;
  tabs.addEventListener("message", async ({ data }) => {
    if (data === "signed out") askBecause("You have signed out in another tab");
    if (data === "signed in") await follow();
    if (data === "switched") await compare();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && (asking || isPutOff)) follow();
  });
}

/** Another tab has changed to another organization, or back. */
async function compare() {
  const session = await readSession();
  if (!session) return;
  if (String(session.org_id) === organizationOfPage()) withdraw("organization");
  else tellOtherOrganization();
}

/** Another tab has signed in, perhaps for this one, too. */
async function follow() {
  const session = await readSession();
  if (session && session.csrf_token !== csrfToken() && adopt(session)) dialog?.close();
}
