// Who is in the organization, and as what. Administrators change roles and remove members; everybody may leave.

import { api } from "../api.js";
import { section, table } from "../diagnostics/section.js";
import { ask } from "../dialog.js";
import { h, notify } from "../dom.js";
import { showLimits } from "../limits.js";
import { ago } from "../moments.js";
import { select } from "../widgets.js";

export const ROLES = [
  ["viewer", "Viewer: reads"],
  ["analyst", "Analyst: reads, analyses, and changes lists, prices, rules"],
  ["admin", "Admin: everything, also members and keys"],
];
const PAGE_SIZE = 500;

/** The members. @param {{isAdmin: boolean, me: string | null}} caller */
export function members({ isAdmin, me }) {
  const budgets = h("div", { id: "member-budgets", tabindex: "-1" });
  const part = section({ id: "members", title: "Members", isWide: true, load: () => api.get("/organization/members", { limit: PAGE_SIZE }), draw });

  part.element.append(budgets);

  async function showBudgets(member) {
    const path = `/organization/members/${member.user_id}/limits`;
    await showLimits(budgets, { id: "budgets", caption: `Budgets of ${member.name}`, load: () => api.get(path), send: (numbers) => api.put(path, numbers) });
    budgets.focus();
  }

  function draw({ items, next_cursor: cursor }) {
    const heads = [["Name"], ["Address"], ["Role"], ["Since"], ["Command"]];
    return [table("Members of the organization", heads, items.map(row), "keys"), cursor && h("p", { class: "small soft" }, `The first ${items.length}; GET /api/v1/organization/members lists all.`)];
  }

  function row(member) {
    const isMe = member.user_id === me;
    const role = select(
      `role-${member.user_id}`,
      ROLES.map(([value]) => [value, value]),
      member.role,
      () => change(member, role),
    );
    role.setAttribute("aria-label", `Role of ${member.name}`);
    const leave = isMe ? "Leave …" : "Remove …";
    const button = h("button", { type: "button", class: "danger", "aria-label": isMe ? "Leave the organization" : `Remove ${member.name}`, onclick: () => remove(member, isMe, button) }, leave);
    return h(
      "tr",
      { dataset: { member: member.user_id } },
      h("th", { scope: "row" }, member.name, isMe && h("span", { class: "badge" }, "you"), member.disabled_at && h("span", { class: "badge warn" }, "disabled")),
      h("td", {}, member.email ?? h("span", { class: "soft" }, "not shown")),
      h("td", {}, isAdmin ? role : member.role),
      h("td", {}, ago(member.joined_at)),
      h("td", {}, isAdmin && h("button", { type: "button", "aria-label": `Budgets of ${member.name}`, onclick: () => showBudgets(member) }, "Budgets …"), isAdmin || isMe ? button : "–"),
    );
  }

  async function change(member, role) {
    role.disabled = true;
    try {
      await api.patch(`/organization/members/${member.user_id}`, { role: role.value });
      notify(`${member.name} is ${role.value} now.`);
      await part.refresh();
    } catch (error) {
      notify(`${member.name} stays ${member.role}. ${error.words ?? error.message}`, { problem: true });
      role.value = member.role;
    } finally {
      role.disabled = false;
      document.getElementById(role.id)?.focus();
    }
  }

  async function remove(member, isMe, button) {
    const words = isMe
      ? "You can do nothing here any more within two seconds. Your keys for it and the invitations that you made are revoked; what you made stays."
      : "Within two seconds they can do nothing here. Their keys for it and the invitations that they made are revoked; what they made stays.";
    const question = { title: isMe ? "Leave this organization?" : `Remove ${member.name}?`, words, confirm: isMe ? "Leave" : "Remove", isDanger: true };
    if ((await ask(question)) === null) return;
    button.disabled = true;
    try {
      await api.delete(`/organization/members/${member.user_id}`);
      if (isMe) return location.assign("/account");
      notify(`${member.name} is removed.`);
      await part.refresh();
      document.getElementById("members-title")?.scrollIntoView({ block: "nearest" });
    } catch (error) {
      notify(`${isMe ? "You stay" : `${member.name} stays`}. ${error.words ?? error.message}`, { problem: true });
      button.disabled = false;
      button.focus();
    }
  }

  return part;
}
