// The organizations of the installation, what is switched off for each, and how much each may use.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { flagSwitches } from "../flag-switches.js";
import { formatMoment } from "../format.js";
import { showLimits } from "../limits.js";
import { loading, problem } from "../states.js";
import { section, table } from "./section.js";

const PAGE_SIZE = 500;
const HEADS = [["Name"], ["Id"], ["Members"], ["Made"], ["Commands"]];

/** The organizations, with a place below for the one that is chosen. */
export function organizations() {
  const chosen = h("div", { id: "organization-chosen", tabindex: "-1" });
  const part = section({ id: "organizations", title: "Organizations", isWide: true, load: () => api.get("/admin/organizations", { limit: PAGE_SIZE }), draw });
  part.element.append(chosen);

  function draw({ items, next_cursor: cursor }) {
    return [
      table("Organizations of the installation", HEADS, items.map(row), "keys"),
      cursor && h("p", { class: "small soft" }, `The first ${items.length}; GET /api/v1/admin/organizations lists all.`),
    ];
  }

  function row({ id, name, members, created_at: madeAt }) {
    const ofFeatures = h("button", { type: "button", id: `features-of-${id}`, "aria-label": `Features of ${name}`, onclick: () => choose(id, name, show) }, "Features …");
    const ofLimits = h("button", { type: "button", id: `limits-of-${id}`, "aria-label": `Limits of ${name}`, onclick: () => choose(id, name, limits) }, "Limits …");
    return h(
      "tr",
      { dataset: { organization: String(id) } },
      h("th", { scope: "row" }, name),
      h("td", {}, String(id)),
      h("td", {}, String(members)),
      h("td", {}, formatMoment(madeAt)),
      h("td", {}, ofFeatures, ofLimits),
    );
  }

  async function choose(id, name, draw) {
    fill(chosen, loading());
    await draw(id, name);
    chosen.focus();
  }

  function limits(id, name) {
    const path = `/admin/organizations/${id}/limits`;
    return showLimits(chosen, { id: "organization-limits", caption: `Limits of ${name}`, load: () => api.get(path), send: (numbers) => api.put(path, numbers) });
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
