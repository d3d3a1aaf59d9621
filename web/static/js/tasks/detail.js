// One job: how far it is, what was asked for, and its tickers.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { formatMoment, formatWhole } from "../format.js";
import { describeJob, isImport, jobProgress } from "../job-progress.js";
import { FINISHED } from "../job-watch.js";
import { strategyName } from "../strategies.js";
import { jobBadge } from "../words.js";
import { commandButtons, jobPath } from "./commands.js";
import { JobItems } from "./items.js";
import { duration, openHere } from "./list.js";
import { LiveJobs } from "./live.js";

/** @type {Record<string, [name: string, format: (value: any) => string]>} */
const PARAMS = {
  capital: ["Capital", formatWhole],
  risk_percent: ["Risk per trade", (value) => `${value} %`],
  max_position_percent: ["Largest position", (value) => `${value} %`],
  reward_risk: ["Reward : risk", String],
  weights: [
    "Weights",
    (value) =>
      Object.entries(value)
        .map(([key, weight]) => `${key} ${weight}`)
        .join(", "),
  ],
  indicators: ["Indicators", (value) => value.join(", ")],
  as_of: ["As of", String],
};

/** The view: its element, its title, and how to stop it. `go(values)` changes the address. */
export async function openDetail(state, go) {
  const job = await api.get(jobPath({ id: state.job }));
  const badge = h("span", {});
  const progress = jobProgress(job);
  const facts = h("dl", { class: "facts" });
  const commands = h("div", { class: "row" });
  const fault = h("div", {});
  const items = new JobItems(job, state.items, (status) => go({ items: status }, { step: "items" }));
  let fitting = "";

  const update = (latest) => {
    Object.assign(job, latest);
    progress.update(job);
    fill(badge, jobBadge(job));
    fill(fault, job.error && h("p", { class: "field-problem", role: "alert" }, h("code", {}, job.error.code), " ", job.error.message));
    fill(facts, factsOf(job, go));
    items.update(job);
    const next = `${job.status} ${job.cancel_requested}`;
    if (next === fitting) return;
    fitting = next;
    const had = commands.contains(document.activeElement);
    fill(
      commands,
      commandButtons(
        job,
        (changed) => live.take(changed),
        (fresh) => go({ job: fresh.id, items: "" }),
      ),
    );
    if (had) /** @type {HTMLElement | null} */ (commands.querySelector("button:not(:disabled)"))?.focus();
  };
  const live = new LiveJobs(update);
  const listed = items.load();
  update(job);
  live.follow([job]);
  await listed;
  const card = h("section", { class: "card", "aria-label": "Job" }, h("div", { class: "spread" }, badge, commands), progress.element, fault, facts);
  const stop = () => {
    live.stop();
    items.stop();
  };
  return { element: [card, items.element], title: describeJob(job), stop };
}

function factsOf(job, go) {
  const { params } = job;
  const facts = [
    ["Created", formatMoment(job.created_at)],
    ["Started", formatMoment(job.started_at)],
    ["Finished", formatMoment(job.finished_at)],
    [FINISHED.has(job.status) ? "Took" : "Running for", duration(job)],
    ["Tickers", formatWhole(job.total)],
    [isImport(job) ? (params.dry_run ? "Checked" : "Stored") : "Analysed", formatWhole(job.succeeded)],
    ["Failed", formatWhole(job.failed)],
    FINISHED.has(job.status) && job.total > job.completed && ["Not done", formatWhole(job.total - job.completed)],
    !isImport(job) && ["Strategy", strategyName(params.strategy)],
    ...Object.entries(PARAMS).map(([key, [name, format]]) => params[key] !== null && params[key] !== undefined && [name, format(params[key])]),
    job.retry_of && [
      "Failed tickers of",
      h("a", { href: `/tasks?job=${encodeURIComponent(job.retry_of)}`, onclick: (event) => openHere(event, () => go({ job: job.retry_of, items: "" })) }, "the job before"),
    ],
    ["Id", h("code", {}, job.id)],
  ];
  return facts.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}
