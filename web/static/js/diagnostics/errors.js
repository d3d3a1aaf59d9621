// What failed lately in any process: unexpected errors of requests, breakers that opened, and items of jobs.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatCount, formatWhole } from "../format.js";
import { ago } from "../moments.js";
import { shortReason } from "../tasks/failures.js";
import { section, table } from "./section.js";

const SHOWN = 20;

/** The recent errors, newest first. */
export function errors() {
  return section({ id: "errors", title: "Recent errors", isWide: true, load: () => api.get("/admin/errors", { limit: SHOWN }), draw });
}

function draw({ errors: found, failed_items: failed }) {
  const rows = [...found.map(errorRow), ...failed.map(itemsRow)].sort((one, other) => Date.parse(other.at) - Date.parse(one.at)).slice(0, SHOWN);
  if (!rows.length) return h("p", { class: "soft" }, "No unexpected errors in the last week, and no failed items in the jobs that are kept.");
  return [
    table(
      "Recent errors, newest first",
      [["When"], ["What"], ["Times", "number"], ["Where to look"]],
      rows.map((row) => row.element),
      "errors",
    ),
    h("p", { class: "small soft" }, "Messages stand in the log alone: search it for the request's id."),
  ];
}

function line(at, what, count, where) {
  return { at, element: h("tr", {}, h("td", {}, ago(at)), h("th", { scope: "row" }, what), h("td", { class: "number" }, formatWhole(count)), h("td", {}, where)) };
}

function errorRow(error) {
  if (error.kind === "breaker")
    return line(error.last_at, ["The breaker ", h("code", {}, error.subject), " opened"], error.occurrences, h("a", { href: "/docs/runbook#bellwetherbreakeropen" }, "Runbook: breaker open"));
  return line(error.last_at, [h("code", {}, error.subject), ` answered 500 (${error.error})`], error.occurrences, [
    h("a", { href: "/docs/runbook#bellwetherinternalerrors" }, "Runbook: internal errors"),
    error.request_id && h("div", { class: "small soft" }, "Request ", h("code", {}, error.request_id)),
  ]);
}

function itemsRow(failed) {
  const what = `${formatCount(failed.items, "item", "items")} of a job failed: ${shortReason(failed.code)}`;
  return line(failed.last_at, what, failed.items, h("a", { href: `/tasks?job=${encodeURIComponent(failed.job_id)}&items=failed` }, "The failed items"));
}
