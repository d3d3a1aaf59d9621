// The pages for who has not signed in: a new password by a link, a link for one, an account, and the first administrator.

import { api } from "../api.js";
import { byId, fill } from "../dom.js";
import { problemOf } from "../form-problem.js";
import { offerToShowPasswords } from "../show-password.js";

/**
 * Send a form by `send`, once at a time, and tell its problem at the control that it is about.
 * @param {string} id - of the form
 * @param {string} place - the id of the element that tells a problem
 * @param {Record<string, string>} controls - the ids of the controls, by the API's names
 * @param {() => Promise<void>} send
 */
function wire(id, place, controls, send) {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById(id));
  if (!form) return;
  const tell = problemOf(place, controls);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const missing = Object.entries(controls).find(([, control]) => !textIn(control).trim());
    if (missing) return tell("This is needed.", missing[0]);
    const submit = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    submit.disabled = true;
    tell("");
    try {
      await send();
    } catch (error) {
      tell(error.words ?? error.message, error.errors?.[0]?.field || Object.keys(controls).at(-1));
    } finally {
      submit.disabled = false;
    }
  });
}

const textIn = (id) => /** @type {HTMLInputElement} */ (byId(id)).value;

function takeToken() {
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname); // a link that is good for a password stands in no history
  byId(token ? "set-password" : "no-token").hidden = false;
  wire("set-password", "set-problem", { password: "new-password" }, async () => {
    await api.post("/auth/password/reset", { token, password: textIn("new-password") });
    location.assign("/login?reason=renewed");
  });
  byId("new-password").focus();
}

if (byId("set-password")) takeToken();

wire("forgot-password", "forgot-problem", { email: "forgot-email" }, async () => {
  const { message } = await api.post("/auth/password/forgot", { email: textIn("forgot-email") });
  fill(byId("forgot-done"), message);
  byId("forgot-password").hidden = true;
  byId("forgot-title").focus();
});

wire("register", "register-problem", { name: "register-name", email: "register-email", password: "register-password" }, async () => {
  await api.post("/auth/register", { name: textIn("register-name"), email: textIn("register-email"), password: textIn("register-password") });
  location.assign("/login?reason=registered");
});

offerToShowPasswords(document);
