// Pipelines: which there are and what is wrong with files, a form to run one, its runs with their traces, versions, and workflows.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatMoment } from "../format.js";
import { fields, readInputs, tellProblems } from "../pipelines/form.js";
import { badge, runView } from "../pipelines/trace.js";
import { drawWorkflows } from "../pipelines/workflows.js";
import { show } from "../states.js";

const ENDED = new Set(["completed", "failed", "cancelled"]);
const LOOK_MILLISECONDS = 1000;
const RUNS = 20;

let watched = ""; // the run that is shown

function draw() {
  return show(
    byId("page"),
    async () => {
      const { items } = await api.get("/pipelines");
      return items.length ? table(items) : h("p", { class: "soft" }, "There is none yet. PUT /api/v1/pipelines/ID stores one.");
    },
    "Looking for pipelines …",
  );
}

function table(items) {
  return h(
    "div",
    { class: "table-scroll card" },
    h(
      "table",
      { class: "pipelines-table" },
      h("caption", { class: "visually-hidden" }, "Pipelines"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Pipeline"), h("th", { scope: "col", class: "hide-on-phone" }, "Version"), h("td"))),
      h("tbody", {}, items.map(row)),
    ),
  );
}

function row(item) {
  const from = item.source === "file" ? "a file" : item.hides_file ? "yours, in place of a file" : "yours";
  return h(
    "tr",
    { dataset: { pipeline: item.id } },
    h(
      "th",
      { scope: "row" },
      item.name,
      h("div", { class: "small soft" }, item.description || item.id),
      item.errors.length > 0 && h("div", { class: "small" }, badge("failed"), item.version ? ` The file has faults; version ${item.version} stays in use.` : " The file has faults and cannot be run."),
      item.errors.length > 0 &&
        h(
          "ul",
          { class: "file-errors small" },
          item.errors.map((each) => h("li", {}, `${each.field ? `${each.field}: ` : ""}${each.message}`)),
        ),
    ),
    h("td", { class: "hide-on-phone" }, item.version ?? "–", h("div", { class: "small soft" }, from)),
    h("td", {}, h("div", { class: "commands-cell" }, h("button", { type: "button", "aria-label": `Open ${item.name}`, disabled: item.version === null, onclick: () => open(item) }, "Open"))),
  );
}

// ---- one pipeline ---------------------------------------------------------------------------------------------------------------

async function open(item) {
  const section = h("section", { class: "card", "aria-labelledby": "detail-title" });
  fill(byId("detail"), section);
  await show(section, async () => {
    const [{ definition }, { items: versions }] = await Promise.all([api.get(`/pipelines/${item.id}`), api.get(`/pipelines/${item.id}/versions`, { limit: 10 })]);
    return [
      h("h2", { id: "detail-title", tabindex: "-1" }, definition.name),
      h("p", {}, definition.description ?? ""),
      form(item.id, definition.inputs ?? {}),
      versionList(item, versions),
      shown(definition),
    ];
  });
  byId("detail-title")?.focus();
}

function form(id, inputs) {
  const problem = h("p", { class: "field-problem", role: "alert" });
  const element = h(
    "form",
    { class: "run-form", novalidate: true, onsubmit: (event) => event.preventDefault() },
    fields(inputs),
    problem,
    h(
      "div",
      { class: "row" },
      h("button", { type: "submit", class: "primary", onclick: () => begin(false) }, "Run"),
      h("button", { type: "button", onclick: () => begin(true) }, "Say what it would do"),
    ),
  );
  const begin = async (isDry) => {
    try {
      const run = await api.post(`/pipelines/${id}/runs`, { inputs: readInputs(element, inputs), dry_run: isDry });
      fill(problem, tellProblems(element, []));
      if (isDry) showRun(run);
      else await follow(run.id);
      byId("run-title").focus();
    } catch (error) {
      fill(
        problem,
        tellProblems(element, error.field ? [{ field: error.field, message: error.message }] : error.errors?.length ? error.errors : [{ field: "", message: error.words ?? error.message }]),
      );
    }
  };
  return element;
}

function versionList(item, versions) {
  if (item.source !== "organization") return h("p", { class: "small soft" }, `Version ${item.version}, from a file.`);
  const back = async (version) => {
    try {
      await api.post(`/pipelines/${item.id}/rollback`, { version });
      notify(`${item.name} is as version ${version} was.`);
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
    }
    await draw();
    await open({ ...item, version: null });
  };
  const lines = versions.map(({ version, created_at: at, note }, place) =>
    h(
      "li",
      {},
      `Version ${version}, ${formatMoment(at)}`,
      note && h("span", { class: "small soft" }, note),
      place > 0 ? h("button", { type: "button", "aria-label": `Go back to version ${version}`, onclick: () => back(version) }, "Go back to it") : h("span", { class: "badge" }, "in use"),
    ),
  );
  return h("details", {}, h("summary", {}, "Versions"), h("ul", { class: "versions" }, lines));
}

function shown(definition) {
  return h("details", {}, h("summary", {}, "Definition"), h("pre", { tabindex: "0", "aria-label": "Definition", class: "table-scroll" }, JSON.stringify(definition, null, 2)));
}

// ---- runs -----------------------------------------------------------------------------------------------------------------------

function showRun(run) {
  watched = run.id ?? "";
  const commands = run.id && !ENDED.has(run.status) ? [h("button", { type: "button", class: "danger", onclick: () => cancel(run.id) }, "Cancel")] : [];
  const hadFocus = document.activeElement?.id === "run-title";
  fill(byId("run"), h("section", { class: "card", "aria-labelledby": "run-title" }, runView(run, commands)));
  if (hadFocus) byId("run-title").focus();
}

/** Show a run, and again until it has ended or another is shown. */
async function follow(id) {
  const run = await api.get(`/runs/${id}`);
  showRun(run);
  await drawRuns();
  if (!ENDED.has(run.status)) setTimeout(() => again(run), LOOK_MILLISECONDS);
}

async function again(before) {
  if (watched !== before.id) return;
  try {
    const run = await api.get(`/runs/${before.id}`);
    if (watched !== before.id) return;
    // Drawn only when something has changed, so that what is unfolded stays so.
    if (JSON.stringify(run) !== JSON.stringify(before)) showRun(run);
    if (ENDED.has(run.status)) await drawRuns();
    else setTimeout(() => again(run), LOOK_MILLISECONDS);
  } catch (error) {
    notify(`The run could not be read. ${error.words ?? error.message}`, { problem: true });
  }
}

async function cancel(id) {
  try {
    showRun(await api.post(`/runs/${id}/cancel`));
  } catch (error) {
    notify(error.words ?? error.message, { problem: true });
  }
  await drawRuns();
}

function drawRuns() {
  return show(byId("runs"), async () => {
    const { items } = await api.get("/runs", { limit: RUNS });
    if (items.length === 0) return h("p", { class: "soft" }, "Nothing has run in the last thirty days.");
    return h(
      "div",
      { class: "table-scroll" },
      h(
        "table",
        { class: "pipelines-table" },
        h("caption", { class: "visually-hidden" }, "Runs, newest first"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Run"), h("th", { scope: "col" }, "State"), h("td"))),
        h("tbody", {}, items.map(runRow)),
      ),
    );
  });
}

function runRow(run) {
  const when = formatMoment(run.created_at);
  return h(
    "tr",
    { dataset: { run: run.id } },
    h("th", { scope: "row" }, run.pipeline, h("div", { class: "small soft" }, `${when}, ${run.caused_by}`)),
    h("td", {}, badge(run.status), run.error && h("div", { class: "small" }, run.error)),
    h("td", {}, h("div", { class: "commands-cell" }, h("button", { type: "button", "aria-label": `Trace of ${run.pipeline}, ${when}`, onclick: () => openRun(run.id) }, "Trace"))),
  );
}

async function openRun(id) {
  try {
    await follow(id);
    byId("run-title").focus();
  } catch (error) {
    notify(error.words ?? error.message, { problem: true });
  }
}

draw();
drawRuns();
drawWorkflows(openRun);
const asked = new URLSearchParams(location.search).get("run");
if (asked) openRun(asked);
