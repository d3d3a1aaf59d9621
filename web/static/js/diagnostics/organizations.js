// The organizations of the installation, and what is switched off for each.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { flagSwitches } from "../flag-switches.js";
import { formatMoment } from "../format.js";
import { loading, problem } from "../states.js";
import { section, table } from "./section.js";

const PAGE_SIZE = 500;
const HEADS = [["Name"], ["Id"], ["Members"], ["Made"], ["Features"]];

/** The organizations, with a place below for the features of the one that is chosen. */
export function organizations() {
  const chosen = h("div", { id: "organization-features", tabindex: "-1" });
  const part = section({ id: "organizations", title: "Organizations", isWide: true, load: () => api.get("/admin/organizations", { limit: PAGE_SIZE }), draw });
  part.element.append(chosen);

  function draw({ items, next_cursor: cursor }) {
    return [
      table("Organizations of the installation", HEADS, items.map(row), "keys"),
      cursor && h("p", { class: "small soft" }, `The first ${items.length}; GET /api/v1/admin/organizations lists all.`),
    ];
  }

  function row({ id, name, members, created_at: madeAt }) {
    const button = h("button", { type: "button", id: `features-of-${id}`, "aria-label": `Features of ${name}`, onclick: () => choose(id, name) }, "Features …");
    return h(
      "tr",
      { dataset: { organization: String(id) } },
      h("th", { scope: "row" }, name),
      h("td", {}, String(id)),
      h("td", {}, String(members)),
      h("td", {}, formatMoment(madeAt)),
      h("td", {}, button),
    );
  }

  async function choose(id, name) {
    fill(chosen, loading());
    await show(id, name);
    chosen.focus();
  }

  async function show(id, name) {
    const path = `/admin/organizations/${id}/flags`;
    try {
      const { items } = await api.get(path);
      const list = flagSwitches(items, { path, refresh: () => show(id, name), prefix: `flag-of-${id}`, others: ["installation"] });
      fill(chosen, h("h3", {}, `Features of ${name}`), list);
    } catch (error) {
      fill(
        chosen,
        problem(error, () => show(id, name)),
      );
    }
  }

  return part;
}
