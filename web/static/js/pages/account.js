// The account of whoever is signed in; for an API key, what it may do.

import { identities } from "../account/identities.js";
import { organizations } from "../account/organizations.js";
import { passkeys } from "../account/passkeys.js";
import { password, profile } from "../account/profile.js";
import { removal } from "../account/removal.js";
import { secondFactor } from "../account/second-factor.js";
import { signIns } from "../account/sign-ins.js";
import { api } from "../api.js";
import { keys } from "../api-keys.js";
import { facts } from "../diagnostics/section.js";
import { byId, h } from "../dom.js";
import { offerToShowPasswords } from "../show-password.js";
import { show } from "../states.js";

const NO_KEYS = "You have no key. Make one for each program that acts for you, so that it can be revoked alone. It may never do more than you may.";

async function ofPerson() {
  const [me, session] = await Promise.all([api.get("/auth/me"), api.get("/session")]);
  const tables = [signIns(), ...(session.scopes.length ? [keys({ path: "/auth/keys", none: NO_KEYS, may: session.scopes })] : [])];
  tables.push(removal(me));
  for (const part of tables) part.refresh();
  const cards = [profile(me, renamed), organizations(me), password(me), secondFactor(me), passkeys(me), identities()];
  return h(
    "div",
    { class: "sections" },
    cards,
    tables.map((part) => part.element),
  );
}

async function ofKey() {
  const session = await api.get("/session");
  return h(
    "section",
    { class: "card", "aria-labelledby": "key-title" },
    h("h2", { id: "key-title" }, session.key_id === "master" ? "You are signed in with the master key" : "You are signed in with an API key"),
    facts([
      ["Organization", String(session.org_id)],
      ["It may", session.scopes.join(", ")],
    ]),
    h("p", {}, "A key is nobody in person: it has no password and no second factor. With an account of your own, what you do is written down under your name."),
  );
}

function renamed(me) {
  const link = byId("who");
  link.setAttribute("aria-label", `Account: ${me.name}`);
  link.title = `${me.name}, ${me.email}`;
  link.dataset.email = me.email;
  const name = link.querySelector("span");
  if (name) name.textContent = me.name;
}

const page = byId("page");
show(page, page.dataset.person ? ofPerson : ofKey, "Looking for your account …").then(() => offerToShowPasswords(page));
