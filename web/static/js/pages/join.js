// An invitation: whoever has its link joins with the account that they have, or makes one.

import { clear, form, labelled, passwordField, textIn } from "../account/forms.js";
import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { setSession } from "../session.js";
import { offerToShowPasswords } from "../show-password.js";
import { empty, show } from "../states.js";

const page = byId("page");
const token = location.hash.slice(1);
if (token) history.replaceState(null, "", location.pathname); // the link is good for joining, and stands in no history
let person = page.dataset.person ?? "";

async function build() {
  if (!token) return empty("There is no invitation in this address.", "Open the link as it was sent to you, or ask for a new one.");
  const invitation = await api.post("/auth/join/look", { token });
  return [h("p", { id: "invited" }, "You are invited to ", h("strong", {}, invitation.organization), ` as ${invitation.role}.`), ...ways(invitation)];
}

function ways(invitation) {
  const signIn = (label, kind = "") => h("button", { type: "button", class: kind, onclick: () => signInFor(invitation) }, label);
  if (person) {
    return [h("p", {}, `You are signed in as ${person}.`), h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: join }, "Join"), signIn("Join as somebody else"))];
  }
  if (invitation.has_account) return [h("p", {}, `There is an account with ${invitation.email}. Sign in to join with it, or with another one.`), signIn("Sign in", "primary")];
  const parts = [
    h("p", {}, "Make an account with the address ", h("strong", {}, invitation.email), "."),
    labelled("Your name", h("input", { id: "join-name", autocomplete: "name", maxlength: "100" })),
    h("input", { type: "text", value: invitation.email, autocomplete: "username", hidden: true }),
    labelled("Password", passwordField("join-password", "new-password"), "At least 8 characters, any of them. A few words in a row are good, and easy to remember."),
  ];
  const send = async () => {
    await api.post("/auth/join", { token, name: textIn("join-name"), password: textIn("join-password") });
    clear("join-password");
    location.assign("/login?reason=registered");
  };
  return [form({ id: "join-form", parts, submit: "Make the account and join", controls: { name: "join-name", password: "join-password" }, send }), h("p", {}, signIn("I have an account already"))];
}

async function join(event) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const { organization } = await api.post("/auth/join", { token });
    await api.put("/auth/organization", { organization_id: organization.id });
    location.assign("/");
  } catch (error) {
    notify(`You have not joined. ${error.words ?? error.message}`, { problem: true });
    button.disabled = false;
  }
}

/** Sign in in place, because the invitation stands in this page alone. */
async function signInFor({ email }) {
  const { openSignIn } = await import("../sign-in-again.js");
  const readSession = () => api.get("/session");
  const take = (session) => {
    setSession(session);
    return true;
  };
  const { closed } = openSignIn("Sign in to join", { readSession, take, isByKey: false, email, words: "The invitation stays on this page." });
  await closed;
  const me = await api.get("/auth/me").catch(() => null);
  if (!me) return;
  person = `${me.name} (${me.email})`;
  await draw();
}

async function draw() {
  await show(page, build, "Looking for the invitation …");
  offerToShowPasswords(page);
}

fill(page);
draw();
