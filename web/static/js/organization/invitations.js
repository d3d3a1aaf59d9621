// Invitations: making one (its link is shown once), those that are open, and revoking.

import { form, labelled, textIn } from "../account/forms.js";
import { api } from "../api.js";
import { copy } from "../copying.js";
import { section, table } from "../diagnostics/section.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatMoment } from "../format.js";
import { ago } from "../moments.js";
import { field, select } from "../widgets.js";
import { ROLES } from "./members.js";

const PAGE_SIZE = 500;

/** The invitations with their controls. */
export function invitations() {
  const shown = h("div", { id: "new-invitation" });
  const email = h("input", { id: "invite-email", type: "email", maxlength: "254", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const role = select("invite-role", ROLES, "viewer", null);
  const send = async () => {
    const made = await api.post("/organization/invitations", { email: textIn("invite-email"), role: role.value });
    email.value = "";
    show(made);
    await part.refresh();
  };
  const controls = form({ id: "invite-form", parts: [labelled("E-mail address", email), field("As what", role)], submit: "Invite", controls: { email: "invite-email", role: "invite-role" }, send });
  const part = section({
    id: "invitations",
    title: "Invitations",
    isWide: true,
    controls: h("div", {}, controls, shown),
    load: () => api.get("/organization/invitations", { limit: PAGE_SIZE }),
    draw,
  });

  function show(made) {
    const url = new URL(made.url, location.href).href; // a path, where the service does not know its address
    const link = h("input", { id: "invitation-link", readonly: true, value: url, spellcheck: "false", class: "key-value" });
    fill(
      shown,
      h(
        "div",
        { class: "new-key", role: "group", "aria-labelledby": "invitation-title", tabindex: "-1" },
        h("strong", { id: "invitation-title" }, `The invitation of ${made.email}`),
        h(
          "p",
          { class: "small" },
          made.is_sent ? "It is on its way by e-mail. " : "This installation sends no e-mail. ",
          "Whoever has the link joins: hand it over by a way that you trust. It is shown this once.",
        ),
        h(
          "div",
          { class: "row" },
          h("label", { class: "visually-hidden", for: link.id }, "The link"),
          link,
          h("button", { type: "button", class: "primary", onclick: () => copy(url, "The link", link) }, "Copy"),
          h("button", { type: "button", onclick: done }, "I have it"),
        ),
      ),
    );
    /** @type {HTMLElement} */ (shown.firstElementChild).focus();
  }

  function done() {
    fill(shown);
    email.focus();
  }

  function draw({ items }) {
    if (!items.length) return h("p", { class: "soft" }, "No invitation is open.");
    return table("Open invitations", [["For"], ["As"], ["Made"], ["Good until"], ["Command"]], items.map(row), "keys");
  }

  function row(one) {
    const button = h("button", { type: "button", class: "danger", "aria-label": `Revoke the invitation of ${one.email}`, onclick: () => revoke(one, button) }, "Revoke");
    return h(
      "tr",
      { dataset: { invitation: one.id } },
      h("th", { scope: "row" }, one.email),
      h("td", {}, one.role),
      h("td", {}, ago(one.created_at)),
      h("td", {}, formatMoment(one.expires_at)),
      h("td", {}, button),
    );
  }

  async function revoke(one, button) {
    button.disabled = true;
    try {
      await api.delete(`/organization/invitations/${one.id}`);
      notify(`The invitation of ${one.email} is revoked: its link is good for nothing.`);
      fill(shown);
      await part.refresh();
      byId("invite-email").focus();
    } catch (error) {
      notify(`The invitation stays. ${error.words ?? error.message}`, { problem: true });
      button.disabled = false;
    }
  }

  return part;
}
