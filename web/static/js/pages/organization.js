// The organization that somebody acts for: its name, members and invitations; and making another one.

import { card, clear, form, labelled, textIn } from "../account/forms.js";
import { api } from "../api.js";
import { facts } from "../diagnostics/section.js";
import { byId, h, notify } from "../dom.js";
import { formatMoment } from "../format.js";
import { features } from "../organization/features.js";
import { invitations } from "../organization/invitations.js";
import { limits } from "../organization/limits.js";
import { members } from "../organization/members.js";
import { removal } from "../organization/removal.js";
import { tellSwitched } from "../session.js";
import { show } from "../states.js";

async function build() {
  const [found, session] = await Promise.all([api.get("/organization"), api.get("/session")]);
  const isAdmin = session.scopes.includes("admin");
  const me = session.key_id ? null : session.user_id;
  const own = me && isAdmin ? await api.get("/auth/me") : null;
  const tables = [members({ isAdmin, me }), ...(isAdmin ? [invitations()] : []), features({ isAdmin }), limits(), ...(own ? [removal({ hasPassword: own.has_password })] : [])];
  for (const part of tables) part.refresh();
  return h(
    "div",
    { class: "sections" },
    name(found, isAdmin),
    me && another(),
    tables.map((part) => part.element),
  );
}

function name(found, isAdmin) {
  const told = facts([
    ["Name", h("span", { id: "organization-called" }, found.name)],
    ["Made", formatMoment(found.created_at)],
    ["Members", String(found.members)],
  ]);
  if (!isAdmin) return card("organization", "This organization", told);
  const send = async () => {
    const changed = await api.patch("/organization", { name: textIn("organization-name") });
    byId("organization-called").textContent = changed.name;
    notify("The name is stored.");
  };
  const parts = [labelled("Name", h("input", { id: "organization-name", value: found.name, maxlength: "100", autocomplete: "organization" }))];
  return card("organization", "This organization", told, form({ id: "organization-form", parts, submit: "Rename", controls: { name: "organization-name" }, send }));
}

function another() {
  const send = async () => {
    const made = await api.post("/organizations", { name: textIn("another-name") });
    clear("another-name");
    await api.put("/auth/organization", { organization_id: made.id });
    tellSwitched();
    location.reload();
  };
  const parts = [labelled("Name of the new organization", h("input", { id: "another-name", maxlength: "100", autocomplete: "off" }), "You are its administrator, and act for it from then on.")];
  return card("another", "Another organization", form({ id: "another-form", parts, submit: "Make it", controls: { name: "another-name" }, send }));
}

show(byId("page"), build, "Looking for the organization …");
