// What somebody is a member of, and the organization that they act for.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { tellSwitched } from "../session.js";
import { card } from "./forms.js";

/** The card of the organizations. @param {any} me */
export function organizations(me) {
  const now = me.organization?.id;
  const rows = me.organizations.map((each) =>
    h(
      "li",
      { class: "spread", dataset: { organization: String(each.id) } },
      h("span", {}, h("strong", {}, each.name), ` · ${each.role}`),
      each.id === now
        ? h("span", { class: "badge good" }, "You act for it now")
        : h("button", { type: "button", "aria-label": `Act for ${each.name}`, onclick: (event) => change(each, event.currentTarget) }, "Act for it"),
    ),
  );
  const words = me.organization ? null : h("p", { class: "remedy" }, "You are no longer a member of the organization that you acted for. Choose another one.");
  return card("organizations", "Organizations", words, rows.length ? h("ul", { class: "plain-list" }, rows) : h("p", { class: "soft" }, "You are a member of none. An administrator can invite you."));
}

async function change(organization, button) {
  button.disabled = true;
  try {
    await api.put("/auth/organization", { organization_id: organization.id });
    tellSwitched();
    location.reload();
  } catch (error) {
    notify(`You act for the same organization as before. ${error.words ?? error.message}`, { problem: true });
    button.disabled = false;
  }
}
