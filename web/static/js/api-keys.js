// API keys: making one (its secret is shown once), seeing when each was last used, and revoking. Those of the organization, and one's own.

import { api } from "./api.js";
import { copy } from "./copying.js";
import { section, table } from "./diagnostics/section.js";
import { ask } from "./dialog.js";
import { fill, h, notify } from "./dom.js";
import { formatAgo, formatMoment } from "./format.js";
import { ago } from "./moments.js";

const LONGEST_NAME = 100;
const PAGE_SIZE = 500;

/** What a key may do, in words. @type {Record<string, string>} */
const SCOPES = {
  read: "read everything",
  analyse: "analyse, and run jobs",
  manage: "change lists, prices, rules and schedules",
  admin: "administer the organization",
  mcp: "be used by an assistant",
};
const ORDINARY = ["read", "analyse", "manage", "mcp"];

/**
 * The keys with their controls. `path` is where they are asked for; `none` says what stands for no key; `may` are the scopes to choose from.
 * @param {{path: string, none: string, may?: string[]}} kind
 */
export function keys({ path, none, may = Object.keys(SCOPES) }) {
  const name = h("input", { id: "key-name", maxlength: String(LONGEST_NAME), autocomplete: "off", placeholder: "what it is for", "aria-describedby": "key-problem", oninput: () => complain("") });
  const make = h("button", { type: "submit", class: "primary", id: "key-make" }, "Make a key");
  const trouble = h("p", { class: "field-problem", id: "key-problem", role: "alert" });
  const shown = h("div", { id: "new-key" });
  const until = h("input", { type: "date", id: "key-until", min: tomorrow() });
  const scopes = may.map((scope) => {
    const box = h("input", { type: "checkbox", value: scope, id: `key-may-${scope}` });
    box.checked = ORDINARY.includes(scope);
    return box;
  });
  const form = h(
    "form",
    { onsubmit: submit },
    h("div", { class: "row key-form" }, h("div", { class: "field" }, h("label", { for: name.id }, "Name of the new key"), name), make),
    h(
      "details",
      { class: "small key-rights" },
      h("summary", {}, "What it may do, and until when"),
      h(
        "fieldset",
        { class: "key-scopes" },
        h("legend", {}, "It may"),
        scopes.map((box) => h("label", { class: "choice" }, box, ` ${SCOPES[box.value]} `, h("code", {}, box.value))),
      ),
      h("div", { class: "field" }, h("label", { for: until.id }, "The last day on which it works; none: until it is revoked"), until),
    ),
  );
  /** @type {{wanted: string, token: string} | null} */
  let attempt = null; // sent again after an answer that did not arrive, so that no second key is made

  const part = section({
    id: "keys",
    title: "API keys",
    isWide: true,
    controls: h("div", {}, form, trouble, shown),
    load: () => api.get(path, { limit: PAGE_SIZE }),
    draw: (found) => draw(found, { path, none, refresh: part.refresh }),
  });

  function complain(text) {
    trouble.textContent = text;
    if (text) name.setAttribute("aria-invalid", "true");
    else name.removeAttribute("aria-invalid");
  }

  async function submit(event) {
    event.preventDefault();
    const wanted = name.value.trim();
    if (!wanted) {
      complain("Say what the key is for: whoever revokes it one day must know what will stop.");
      name.focus();
      return;
    }
    const chosen = scopes.filter((box) => box.checked).map((box) => box.value);
    if (!chosen.length) return complain("Choose what the key may do: a key that may do nothing is of no use.");
    const body = { name: wanted, scopes: chosen, ...(until.value && { expires_at: endOf(until.value) }) };
    const text = JSON.stringify(body);
    if (attempt?.wanted !== text) attempt = { wanted: text, token: randomToken() };
    make.disabled = true;
    try {
      const made = await api.post(path, body, { headers: { "Idempotency-Key": attempt.token } });
      attempt = null;
      name.value = "";
      complain("");
      show(made);
      await part.refresh();
    } catch (error) {
      complain(error.words ?? String(error.message));
      name.focus();
    } finally {
      make.disabled = false;
    }
  }

  function show(made) {
    if (made.key === null) {
      fill(shown, h("p", { class: "remedy", tabindex: "-1" }, `The key “${made.name}” was made, but the answer that had it was lost. Revoke it below, and make another.`));
    } else {
      const value = h("input", { readonly: true, value: made.key, id: "new-key-value", spellcheck: "false", class: "key-value", onfocus: () => value.select() });
      fill(
        shown,
        h(
          "div",
          { class: "new-key", role: "group", "aria-labelledby": "new-key-title", tabindex: "-1" },
          h("strong", { id: "new-key-title" }, `The key “${made.name}”`),
          h("p", { class: "small" }, "It is shown this once and stored nowhere. Copy it to where it will be used."),
          h(
            "div",
            { class: "row" },
            h("label", { class: "visually-hidden", for: value.id }, "The new key"),
            value,
            h("button", { type: "button", class: "primary", id: "key-copy", onclick: () => copy(made.key, "The key", value) }, "Copy"),
            h(
              "button",
              {
                type: "button",
                id: "key-done",
                onclick: () => {
                  fill(shown);
                  name.focus();
                },
              },
              "I have it",
            ),
          ),
        ),
      );
    }
    /** @type {HTMLElement} */ (shown.firstElementChild).focus();
  }

  return part;
}

/** @param {{items: any[], next_cursor: string | null}} found @param {{path: string, none: string, refresh: () => Promise<any>}} kind */
function draw({ items, next_cursor: cursor }, { path, none, refresh }) {
  const active = items.filter((key) => key.revoked_at === null);
  const revoked = items.filter((key) => key.revoked_at !== null);
  return [
    active.length
      ? table(
          "API keys that work",
          [["Name"], ["May"], ["Made"], ["Last used"], ["Until"], ["Command"]],
          active.map((key) => activeRow(key, path, refresh)),
          "keys",
        )
      : h("p", { class: "soft" }, none),
    revoked.length > 0 &&
      h(
        "details",
        { class: "small" },
        h("summary", {}, `${revoked.length} revoked`),
        table(
          "Revoked keys",
          [["Name"], ["Made"], ["Last used"], ["Revoked"]],
          revoked.map((key) => h("tr", {}, nameCell(key), h("td", {}, ago(key.created_at)), h("td", {}, lastUse(key)), h("td", {}, ago(key.revoked_at)))),
          "keys",
        ),
      ),
    cursor && h("p", { class: "small soft" }, `The newest ${items.length}; GET /api/v1${path} lists all.`),
  ];
}

/** The name of a key, and the id by which the request log and the commands speak of it. */
function nameCell({ name, id }) {
  return h("th", { scope: "row" }, name, h("code", { class: "small soft of-key" }, id));
}

function activeRow(key, path, refresh) {
  const button = h("button", { type: "button", class: "danger", id: `revoke-${key.id}`, "aria-label": `Revoke ${key.name}`, onclick: () => revoke(key, { path, button, refresh }) }, "Revoke …");
  return h(
    "tr",
    { dataset: { key: key.id } },
    nameCell(key),
    h("td", {}, key.scopes.join(", ")),
    h("td", {}, ago(key.created_at)),
    h("td", {}, lastUse(key)),
    h("td", {}, end(key)),
    h("td", {}, button),
  );
}

function end({ expires_at: at }) {
  if (!at) return h("span", { class: "soft" }, "no end");
  return new Date(at) < new Date() ? h("span", { class: "badge warn" }, "expired") : formatMoment(at);
}

const tomorrow = () => new Date(Date.now() + 86400000).toISOString().slice(0, 10);

/** The end of a day of the reader's own calendar. @param {string} day */
const endOf = (day) => new Date(`${day}T23:59:59`).toISOString();

const lastUse = (key) => (key.last_used_at ? ago(key.last_used_at) : h("span", { class: "soft" }, "never"));

async function revoke(key, { path, button, refresh }) {
  const used = key.last_used_at ? `It was last used ${formatAgo(key.last_used_at)}.` : "It was never used.";
  const words = `${used} Programs that use it are refused within two seconds, and browsers that signed in with it are signed out. This cannot be undone.`;
  const answer = await ask({ title: `Revoke “${key.name}”?`, words, confirm: "Revoke", isDanger: true });
  if (answer === null) return;
  button.disabled = true;
  try {
    await api.delete(`${path}/${encodeURIComponent(key.id)}`);
    notify(`“${key.name}” is revoked.`);
    await refresh();
    document.getElementById("key-name")?.focus();
  } catch (error) {
    notify(error.words ?? String(error.message), { problem: true });
    button.disabled = false;
    button.focus();
  }
}

/** Random text; `crypto.randomUUID` is missing where a page does not come by HTTPS. */
function randomToken() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
