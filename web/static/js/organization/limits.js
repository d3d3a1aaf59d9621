// How much the organization may use, and what it uses now.

import { api } from "../api.js";
import { section } from "../diagnostics/section.js";
import { h } from "../dom.js";
import { limitTable } from "../limits.js";

/** The limits of the organization, and the caller's own budgets within them. */
export function limits() {
  return section({
    id: "limits",
    title: "Limits",
    isWide: true,
    load: () => api.get("/organization/limits"),
    draw: ({ items, own }) => [
      limitTable("Limits of the organization", items),
      h("h3", {}, "Your own budgets within them"),
      limitTable("Your own budgets", own),
      h("p", { class: "small soft" }, "Operators of the installation set the limits of an organization, its administrators the budgets of members."),
    ],
  });
}
