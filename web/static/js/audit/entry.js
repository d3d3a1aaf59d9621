// One entry of the audit log: who, what, to what, when, from where, and what differs.

import { h } from "../dom.js";
import { formatExactMoment } from "../format.js";
import { ago } from "../moments.js";
import { difference } from "./difference.js";
import { operationWords } from "./operations.js";

/** @type {Record<string, string>} */
const KINDS = {
  person: "Person",
  key: "API key",
  "operator key": "Master key",
  command: "Terminal",
  service: "The service",
  anybody: "Somebody unknown",
};

/** Who an actor is called: the name that they have now, else what they are. */
export function actorWords({ actor, actor_name: name, actor_kind: kind }) {
  const what = KINDS[kind] ?? kind;
  if (name) return kind === "key" ? `${what} “${name}”` : name;
  return actor && kind !== "operator key" ? `${what}, no longer here` : what;
}

/**
 * @param {any} entry
 * @param {{isWhole: boolean, linkTo: (changes: Record<string, string>) => string}} page - `linkTo` gives the address of the page with other filters
 */
export function entryLine(entry, { isWhole, linkTo }) {
  const { id, at, action, actor, target, ip, request_id: request, organization_id: organization } = entry;
  const title = operationWords(action);
  const who = actorWords(entry);
  return h(
    "li",
    { dataset: { entry: id, action } },
    h(
      "div",
      { class: "row" },
      h("h2", { class: "title" }, title),
      target && h("a", { class: "target", href: linkTo({ target }), "aria-label": `Only what was done to ${target}` }, target),
      isWhole && h("span", { class: "badge" }, organization === null ? "No organization" : `Organization ${organization}`),
    ),
    h(
      "p",
      { class: "small soft" },
      actor ? h("a", { href: linkTo({ actor }), "aria-label": `Only what ${who} did`, title: actor }, who) : who,
      " · ",
      ago(at),
      ` (${formatExactMoment(at)})`,
      ip && [" · from ", h("code", {}, ip)],
      request && [" · request ", h("code", {}, request)],
    ),
    difference(entry, title),
  );
}
