// A run: how it stands, its steps as a waterfall and as a table, and what each was called with and answered.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { formatMoment } from "../format.js";

const TONES = { completed: "good", ok: "good", failed: "bad", cancelled: "warn", skipped: "", waiting: "busy", running: "busy", queued: "busy" };
const WORDS = { ok: "done", not_run: "not run" };

/** How a run or a step stands, as a badge. */
export const badge = (state) => h("span", { class: `badge ${TONES[state] ?? ""}` }, WORDS[state] ?? state);

/** A run with its trace. @param {any} run @param {any[]} commands */
export function runView(run, commands) {
  const head = run.dry_run ? "What a run would do" : `Run of ${run.pipeline}`;
  const begun = run.dry_run ? `${run.pipeline}, version ${run.version}. Nothing was called or stored.` : `Version ${run.version}, begun ${formatMoment(run.created_at)} by ${run.caused_by}.`;
  return [
    h("div", { class: "spread" }, h("h2", { id: "run-title", tabindex: "-1" }, head), h("div", { class: "row" }, !run.dry_run && badge(run.status), commands)),
    h("p", { class: "small soft" }, begun),
    run.error && h("p", { role: "alert", class: "field-problem" }, run.error),
    waterfall(run.trace),
    table(run),
    run.outputs && Object.keys(run.outputs).length > 0 && unfold("Outputs", "outputs", async () => run.outputs),
  ].filter(Boolean);
}

/** The steps that have run, one bar each over the time of the run. */
function waterfall(trace) {
  const timed = trace.filter((line) => line.started_at);
  if (timed.length === 0) return null;
  const starts = timed.map((line) => Date.parse(line.started_at));
  const ends = timed.map((line, at) => (line.ms === null ? Date.now() : starts[at] + line.ms));
  const first = Math.min(...starts);
  const span = Math.max(...ends) - first || 1;
  const bars = timed.map((line, at) => {
    const from = (100 * (starts[at] - first)) / span;
    const width = Math.min(100 - from, (100 * (ends[at] - starts[at])) / span);
    return h(
      "li",
      {},
      h("span", { class: "name small" }, line.step),
      h("span", { class: "track" }, h("span", { class: `bar ${line.outcome}`, style: { "--from": `${from.toFixed(2)}%`, "--width": `${width.toFixed(2)}%` } })),
    );
  });
  return h("ul", { class: "waterfall", "aria-hidden": "true" }, bars);
}

function table(run) {
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      { class: "trace-table" },
      h("caption", { class: "visually-hidden" }, "Steps of the run"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          [["Step"], ["Outcome"], ["Time", "number hide-on-phone"]].map(([name, kind]) => h("th", { scope: "col", class: kind }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        run.trace.map((line) => row(run, line)),
      ),
    ),
  );
}

function row(run, line) {
  const has = line.outcome !== "not_run";
  return h(
    "tr",
    { dataset: { step: line.step } },
    h(
      "th",
      { scope: "row" },
      line.step,
      h("div", { class: "small soft" }, line.capability),
      has && unfold("Input", `the input of ${line.step}`, async () => line.args),
      line.digest && unfold("Output", `the output of ${line.step}`, async () => (await api.get(`/runs/${run.id}/steps/${line.step}`)).answer),
    ),
    h(
      "td",
      {},
      badge(line.outcome),
      line.reason && h("div", { class: "small" }, line.reason),
      line.notes.map((note) => h("div", { class: "small soft" }, note)),
      line.job_id && h("div", { class: "small" }, h("a", { href: `/tasks?job=${line.job_id}` }, "Its task")),
    ),
    h("td", { class: "number hide-on-phone" }, line.ms === null ? "" : `${line.ms} ms`),
  );
}

/** What is shown once somebody asks for it. @param {string} name @param {string} whole @param {() => Promise<any>} load */
function unfold(name, whole, load) {
  const body = h("pre", { tabindex: "0", "aria-label": whole });
  const details = h("details", {}, h("summary", {}, name, h("span", { class: "visually-hidden" }, ` of ${whole}`)), body);
  details.addEventListener("toggle", async () => {
    if (!details.open || body.textContent) return;
    fill(body, "Loading …");
    try {
      fill(body, JSON.stringify(await load(), null, 2));
    } catch (error) {
      fill(body, error.words ?? error.message);
    }
  });
  return details;
}
