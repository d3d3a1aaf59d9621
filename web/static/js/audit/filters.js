// The filters of the audit log. They live in the page's address.

import { api } from "../api.js";
import { byId, fill, h } from "../dom.js";
import { readUrl } from "../url-state.js";
import { OPERATIONS, operationWords } from "./operations.js";

export const DEFAULTS = { actor: "", action: "", target: "", from: "", to: "", all: "" };
const MOST = 500; // people, and keys, that are offered
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The element of a filter. @param {string} name @returns {HTMLInputElement | HTMLSelectElement} */
const control = (name) => byId(`audit-${name}`);
const checkbox = () => /** @type {HTMLInputElement | null} */ (document.getElementById("audit-all"));

/** The filters of the address, shown by the form. Nobody but an operator has a switch for the whole installation. */
export function readFilters() {
  const values = readUrl(DEFAULTS);
  if (!checkbox()) values.all = "";
  for (const name of ["actor", "action"]) keep(control(name), values[name]);
  for (const name of ["actor", "action", "target", "from", "to"]) control(name).value = values[name];
  for (const name of ["from", "to"]) values[name] = control(name).value; // what is no day is none
  const whole = checkbox();
  if (whole) whole.checked = values.all === "true";
  return values;
}

/** What the form says. */
export function typedFilters() {
  const values = Object.fromEntries(["actor", "action", "target", "from", "to"].map((name) => [name, control(name).value.trim()]));
  return { ...values, all: checkbox()?.checked ? "true" : "" };
}

/** Filters as the API takes them: days are the viewer's, and the last one is among them. @param {Record<string, any>} filters */
export function queryOf(filters) {
  const { from, to, ...others } = filters;
  return { ...others, since: startOf(from, 0), until: startOf(to, 1) };
}

/** @param {string} day @param {number} later */
function startOf(day, later) {
  if (!DAY.test(day)) return "";
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** Have a select offer a value that it does not know, as one of a link. @param {HTMLInputElement | HTMLSelectElement} choice @param {string} value */
function keep(choice, value) {
  const options = [.../** @type {HTMLSelectElement} */ (choice).options];
  if (!value || options.some((option) => option.value === value)) return;
  choice.append(h("option", { value }, choice.id === "audit-action" ? operationWords(value) : value));
}

/** Offer all operations, by what they are about. */
export function offerOperations() {
  const groups = Object.entries(OPERATIONS).map(([label, operations]) =>
    h(
      "optgroup",
      { label },
      Object.entries(operations).map(([value, words]) => h("option", { value }, words)),
    ),
  );
  fill(control("action"), h("option", { value: "" }, "Anything"), groups);
}

/** Offer the members and keys of the organization; what is chosen stays. */
export async function offerActors() {
  const [members, keys] = await Promise.all([api.get("/organization/members", { limit: MOST }), api.get("/admin/keys", { limit: MOST })]);
  const choice = control("actor");
  const chosen = choice.value;
  fill(
    choice,
    h("option", { value: "" }, "Anybody"),
    h("option", { value: "master" }, "Master key"),
    group(
      "People",
      members.items.map((member) => [member.user_id, member.name]),
    ),
    group(
      "API keys",
      keys.items.map((key) => [key.id, key.revoked_at ? `${key.name} (revoked)` : key.name]),
    ),
  );
  keep(choice, chosen);
  choice.value = chosen;
}

const group = (label, pairs) =>
  pairs.length > 0 &&
  h(
    "optgroup",
    { label },
    pairs.map(([value, name]) => h("option", { value }, name)),
  );
