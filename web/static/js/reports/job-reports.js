// Reports of jobs: a list to choose from.

import { api } from "../api.js";
import { onReturn } from "../connection.js";
import { fill, h } from "../dom.js";
import { formatAgo, formatMoment, formatShare, formatWhole } from "../format.js";
import { kindOf } from "../job-kinds.js";
import { describeJob } from "../job-progress.js";
import { oneStopPerRow } from "../rows.js";
import { empty, problem, show } from "../states.js";
import { field, select } from "../widgets.js";
import { FINISHED, jobBadge, statesOf } from "../words.js";
import { outcomeLine, saveWith } from "./saving.js";

/** @type {[string, string][]} */
const STATUSES = [["", "All jobs"], ...statesOf("job")];
const PAGE = 25;

/** The card. `values` are the address's, `keep(values)` puts them back there; `ask(body)` asks for a report that is kept. */
export function jobReports(values, keep, ask) {
  const body = h("div", { id: "job-list" });
  const outcome = outcomeLine("job-report-outcome");
  const status = select("job-status", STATUSES, values.job_status, () => {
    keep({ job_status: status.value });
    load();
  });

  function load() {
    const wanted = status.value;
    return show(
      body,
      async () => {
        const page = await api.get("/jobs", { status: wanted, limit: PAGE });
        if (wanted !== status.value) throw new DOMException("Asked again.", "AbortError");
        return list(page, wanted);
      },
      "Looking for jobs …",
    );
  }

  function list(page, wanted) {
    if (!page.items.length) {
      if (wanted) return empty("No such jobs.", "Choose another state.");
      return empty("No jobs yet.", h("p", {}, "Analyse many tickers at once on the ", h("a", { href: "/tasks" }, "tasks page"), "; their report is here then."));
    }
    const rows = oneStopPerRow(h("tbody"));
    const more = h("div", { class: "row" });
    const add = ({ items, next_cursor: cursor }) => {
      rows.append(...items.map(row));
      fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show older"));
    };
    const next = async (cursor, button) => {
      button.disabled = true;
      try {
        add(await api.get("/jobs", { status: wanted, limit: PAGE, cursor }));
      } catch (error) {
        fill(
          more,
          problem(error, () => next(cursor, button)),
        );
      }
    };
    add(page);
    const heads = [["Job"], ["State"], ["Succeeded", "number hide-on-phone"], ["Failed", "number hide-on-phone"], ["Report"]];
    return [
      h(
        "div",
        { class: "table-scroll" },
        h(
          "table",
          { class: "job-table" },
          h("caption", { class: "visually-hidden" }, "Jobs, newest first"),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)),
            ),
          ),
          rows,
        ),
      ),
      more,
    ];
  }

  function row(job) {
    const title = describeJob(job);
    const when = job.finished_at ?? job.started_at ?? job.created_at;
    const words = FINISHED.has(job.status) ? "Excel" : "Excel so far";
    const named = (what) => `${what}: ${title}, ${formatMoment(when)}`;
    const button = h("button", { type: "button", "aria-label": named(words), onclick: () => save(job, button) }, words);
    const store = h("button", { type: "button", "aria-label": named("Keep"), onclick: () => keepReport(job, store) }, "Keep");
    const task = h("a", { href: `/tasks?job=${encodeURIComponent(job.id)}`, "aria-label": named("See the task") }, "See the task");
    return h(
      "tr",
      { dataset: { job: job.id } },
      h("td", {}, h("div", {}, title), h("div", { class: "small soft" }, `${formatMoment(when)} (${formatAgo(when)})`)),
      h(
        "td",
        {},
        jobBadge(job),
        job.status === "processing" && h("span", { class: "small soft" }, ` ${formatShare(job.progress)}`),
        job.failed > 0 && h("div", { class: "small soft only-on-phone" }, `${formatWhole(job.failed)} failed`),
      ),
      h("td", { class: "number hide-on-phone" }, formatWhole(job.succeeded)),
      h("td", { class: "number hide-on-phone" }, formatWhole(job.failed)),
      h("td", {}, kindOf(job.kind).hasReport ? h("div", { class: "row" }, button, store) : task),
    );
  }

  async function keepReport(job, button) {
    button.disabled = true;
    await ask({ type: "job", job_id: job.id });
    button.disabled = false;
  }

  const save = (job, button) => saveWith(button, outcome, { path: `/reports/jobs/${encodeURIComponent(job.id)}.xlsx`, name: `job-${job.id}.xlsx` });

  load();
  onReturn(() => body.isConnected && load()); // not of a card that another has replaced
  return h(
    "section",
    { class: "card", "aria-labelledby": "job-report-title" },
    h("div", { class: "spread" }, h("h2", { id: "job-report-title" }, "A job"), field("State", status)),
    h("p", { class: "soft small" }, "A summary with what changed, every verdict with its position, the failures and why, and the parameters; of a job that still runs, what has ended so far."),
    outcome,
    body,
  );
}
