// The dialog that asks for the key once a session has ended.

import { h } from "./dom.js";

/**
 * Open the dialog. `readSession()` asks for the session as it is now; `take(session)` makes it the page's, and tells whether it can be.
 * `closed` resolves once the dialog is gone.
 * @param {string} title
 * @param {{readSession: () => Promise<any>, take: (session: any) => boolean}} page
 */
export function openSignIn(title, { readSession, take }) {
  const key = h("input", { id: "again-key", type: "password", autocomplete: "current-password", autocapitalize: "none", spellcheck: "false", required: true, maxlength: "500" });
  const problem = h("p", { class: "field-problem", role: "alert", id: "again-problem" });
  const submit = h("button", { type: "submit", class: "primary" }, "Sign in");
  const later = h("button", { type: "button", onclick: () => element.close() }, "Not now");
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
  const element = h("dialog", { class: "ask", id: "sign-in-again", "aria-labelledby": "again-title" }, form);
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
      if (take(session)) element.close();
      else offerReload(form);
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
  element.showModal();
  key.focus();
  return { element, closed };
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
