// Workflows, which begin runs by themselves, and suggestions of such.

import { api } from "../api.js";
import { byId, h, notify } from "../dom.js";
import { formatMoment } from "../format.js";
import { show } from "../states.js";

/** Draw the workflows and the suggestions. @param {(runId: string) => void} onRun */
export function drawWorkflows(onRun) {
  return show(byId("workflows"), async () => {
    const [{ items }, { items: suggested }] = await Promise.all([api.get("/workflows"), api.get("/suggestions")]);
    return [...suggested.map((each) => suggestion(each, onRun)), items.length ? table(items, onRun) : h("p", { class: "soft" }, "There are none. POST /api/v1/workflows stores one.")];
  });
}

function table(items, onRun) {
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      { class: "pipelines-table" },
      h("caption", { class: "visually-hidden" }, "Workflows"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Name"), h("th", { scope: "col" }, "Begins at"), h("td"))),
      h(
        "tbody",
        {},
        items.map((each) => row(each, onRun)),
      ),
    ),
  );
}

function row(workflow, onRun) {
  const { id, name, pipeline, event_type: type, enabled, last_outcome: outcome, last_event_at: at } = workflow;
  const again = () => drawWorkflows(onRun);
  return h(
    "tr",
    { dataset: { workflow: id } },
    h("th", { scope: "row" }, name, h("div", { class: "small soft" }, pipeline)),
    h("td", {}, type ?? "the button Run", !enabled && h("div", { class: "small" }, "switched off"), outcome && h("div", { class: "small soft" }, `${formatMoment(at)}: ${outcome}`)),
    h(
      "td",
      {},
      h(
        "div",
        { class: "commands-cell" },
        h("button", { type: "button", "aria-label": `Run ${name}`, onclick: () => act(async () => onRun((await api.post(`/workflows/${id}/runs`)).id)) }, "Run"),
        h(
          "button",
          { type: "button", "aria-label": `Switch ${name} ${enabled ? "off" : "on"}`, onclick: () => act(() => api.patch(`/workflows/${id}`, { enabled: !enabled }), again) },
          enabled ? "Off" : "On",
        ),
        h("button", { type: "button", class: "danger", "aria-label": `Delete ${name}`, onclick: () => act(() => api.delete(`/workflows/${id}`), again) }, "Delete"),
      ),
    ),
  );
}

function suggestion(found, onRun) {
  const again = () => drawWorkflows(onRun);
  return h(
    "div",
    { class: "card", dataset: { suggestion: found.id } },
    h("h3", {}, found.title),
    h(
      "ul",
      {},
      found.grounds.map((ground) => h("li", {}, ground)),
    ),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "primary", onclick: () => act(() => api.post(`/suggestions/${found.id}/apply`), again) }, "Make it a workflow, switched off"),
      h("button", { type: "button", onclick: () => act(() => api.post(`/suggestions/${found.id}/dismiss`), again) }, "Not for me"),
    ),
  );
}

async function act(what, then = () => {}) {
  try {
    await what();
  } catch (error) {
    notify(error.words ?? error.message, { problem: true });
  }
  await then();
}
