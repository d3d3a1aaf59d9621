// A job on many tickers from within another page: its progress stands where it was asked for.

import { api } from "./api.js";
import { fill, h, notify } from "./dom.js";
import { describeEnd, describeJob, jobProgress } from "./job-progress.js";
import { watchJob } from "./job-watch.js";
import { FINISHED, jobBadge } from "./words.js";

/** Analyse many tickers; as runJob. */
export const runBulk = (area, order) => runJob(area, "/bulk-analyze", order);

/** Queue a job and follow it in `area`. Resolves with the job once it has ended; with null when it was not queued, and says why. */
export async function runJob(area, path, order) {
  fill(area, h("p", { class: "soft small" }, "Queueing …"));
  try {
    const job = await api.post(path, order);
    if (job.deduplicated) notify("The same work is under way already; this is its progress.");
    return await followJob(area, job);
  } catch (error) {
    fill(area, h("p", { class: "field-problem", role: "alert" }, error.words ?? error.message));
    return null;
  }
}

/** Show a job's progress in `area` until it ends. */
export function followJob(area, job) {
  const badge = h("span", {}, jobBadge(job));
  const trouble = h("span", { class: "small soft" });
  const progress = jobProgress(job);
  const link = h("a", { href: `/tasks?job=${encodeURIComponent(job.id)}` }, describeJob(job));
  const close = h("button", { type: "button", class: "quiet small", hidden: true, "aria-label": "Close what is said of the task", onclick: () => fill(area) }, "×");
  fill(area, h("div", { class: "bulk-run" }, h("div", { class: "row" }, badge, link, trouble, close), progress.element));
  return new Promise((resolve) => {
    const onJob = (latest) => {
      progress.update(latest);
      fill(badge, jobBadge(latest));
      fill(trouble);
      if (!FINISHED.has(latest.status)) return;
      close.hidden = false;
      notify(describeEnd(latest), { problem: latest.status === "failed" });
      resolve(latest);
    };
    const onTrouble = (error) => {
      if (error.status === 404) {
        fill(area);
        resolve(null);
      } else fill(trouble, "No answer for now; the job goes on, and this page asks again.");
    };
    watchJob(job.id, onJob, onTrouble);
  });
}
