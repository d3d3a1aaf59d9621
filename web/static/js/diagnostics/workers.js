// The worker processes that are alive: how old their heartbeat is, and what each holds.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatCount, formatDuration, formatWhole } from "../format.js";
import { ago } from "../moments.js";
import { section, table } from "./section.js";

const LATE_SECONDS = 8; // a heartbeat comes every 5 s
const LONG_SECONDS = 60; // a chunk is meant to last for a fraction of a second
const LANES = { cpu: "computations", network: "network" };
const KINDS = { bulk_analysis: "analysis", price_import: "an import", price_refresh: "a refresh of prices" };
const SHOWN = 3; // jobs of one worker

/** The live workers. */
export function workers() {
  return section({
    id: "workers",
    title: "Workers",
    isWide: true,
    load: async () => withoutAges((await api.get("/admin/workers")).items),
    draw,
  });
}

/** An age that stays well within the rhythm of heartbeats is no reason to draw the part anew. */
function withoutAges(items) {
  return items.map(({ seen_seconds: seconds, ...worker }) => ({ ...worker, late: seconds >= LATE_SECONDS ? Math.round(seconds) : null }));
}

function draw(items) {
  if (!items.length)
    return h(
      "p",
      { class: "remedy" },
      h("strong", {}, "No worker is alive. "),
      "Jobs wait until one is started: ",
      h("code", {}, "python worker.py"),
      ", the worker service of the platform, or a Celery worker.",
    );
  const hosts = new Set(items.map((worker) => worker.host)).size;
  const busy = items.filter((worker) => worker.doing.length).length;
  return [
    h("p", {}, `${formatCount(items.length, "worker", "workers")} on ${formatCount(hosts, "machine", "machines")}, ${busy ? `${formatWhole(busy)} at work` : "all waiting for work"}.`),
    table("Live workers", [["Machine and process"], ["Runs"], ["Heartbeat"], ["Holds"], ["Started"], ["Version"]], items.map(row), "workers"),
  ];
}

function row(worker) {
  return h(
    "tr",
    { dataset: { worker: worker.id, pid: String(worker.pid) } },
    h("th", { scope: "row" }, worker.host, h("span", { class: "small soft" }, ` ${worker.engine === "celery" ? "Celery " : ""}${worker.pid}`)),
    h("td", {}, worker.lanes.map((lane) => LANES[lane] ?? lane).join(", ")),
    h("td", {}, worker.late === null ? h("span", { class: "badge good" }, "Alive") : h("span", { class: "badge warn" }, `Silent for ${formatDuration(worker.late)}`)),
    h("td", {}, worker.doing.length ? holdings(worker.doing) : h("span", { class: "soft" }, "nothing: waits for work")),
    h("td", {}, ago(worker.started_at)),
    h("td", {}, worker.version),
  );
}

function holdings(doing) {
  const more = doing.length - SHOWN;
  return h(
    "ul",
    { class: "plain" },
    doing.slice(0, SHOWN).map((held) => {
      const seconds = (Date.now() - new Date(held.since).getTime()) / 1000;
      return h(
        "li",
        {},
        h("a", { href: `/tasks?job=${encodeURIComponent(held.job_id)}` }, `${formatCount(held.items, "item", "items")} of ${KINDS[held.kind] ?? held.kind.replaceAll("_", " ")}`),
        ", claimed ",
        ago(held.since),
        seconds >= LONG_SECONDS && h("span", { class: "badge warn" }, `for ${formatDuration(seconds)}: does it hang?`),
      );
    }),
    more > 0 && h("li", { class: "soft" }, `and of ${formatCount(more, "more job", "more jobs")}`),
  );
}
