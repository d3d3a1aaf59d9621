// A job in words and as a bar.

import { fill, h } from "./dom.js";
import { formatDuration, formatShare, formatSoon, formatWhole } from "./format.js";
import { countOf, kindOf } from "./job-kinds.js";

/** What a job works on. */
export const describeJob = (job) => kindOf(job.kind).describe(job);

/** Why a job does not get on. */
const STALLS = {
  no_worker: "no worker is alive: it goes on as soon as one runs",
  switched_off: "work on many tickers is switched off: it goes on once that is on again",
};

/** The time that is left, in words. */
const timeLeft = (seconds) => (seconds < 1 ? "less than a second left" : `about ${formatDuration(seconds)} left`);

/** When waiting items go on, in the reader's zone: "3 of 500 wait until the provider may be asked: the next goes on at 14:05, the last about at 18:10". */
function whenTheyGoOn({ items, first_at: first, last_at: last }, total) {
  const [next, end] = [formatSoon(first), formatSoon(last)];
  const of = `${formatWhole(items)} of ${formatWhole(total)} ${items === 1 ? "waits" : "wait"} until the provider may be asked`;
  if (items === 1 || next === end) return `${of}: ${items === 1 ? "it goes" : "they go"} on ${next}`;
  return `${of}: the next goes on ${next}, the last about ${end}`;
}

/** How far a job is: counts, and the time that is left. */
export function describeProgress(job) {
  const parts = [`${formatWhole(job.completed)} of ${formatWhole(job.total)} done (${formatShare(job.progress)})`];
  if (job.failed) parts.push(`${formatWhole(job.failed)} failed`);
  if (job.stalled_by && !job.cancel_requested) parts.push(STALLS[job.stalled_by]);
  else if (job.waiting && !job.cancel_requested) parts.push(whenTheyGoOn(job.waiting, job.total));
  else if (job.status === "queued") parts.push("waiting for a worker");
  else if (job.status === "processing" && job.cancel_requested) parts.push(`stopping at the next ${kindOf(job.kind).noun[0]}`);
  else if (job.status === "processing") parts.push(job.eta_seconds === null ? "time left not known yet" : timeLeft(job.eta_seconds));
  return parts.join(" · ");
}

/** How a job ended, in a sentence. */
export function describeEnd(job) {
  const done = `${formatWhole(job.succeeded)} of ${countOf(job, job.total)} ${kindOf(job.kind).done(job)}${job.failed ? `, ${formatWhole(job.failed)} failed` : ""}`;
  if (job.status === "failed") return `${describeJob(job)}: could not be run. ${job.error?.message ?? ""}`.trim();
  return `${describeJob(job)}: ${job.status === "cancelled" ? "cancelled" : "completed"}, ${done}.`;
}

/** A bar with its words, kept up to date by `update(job)`. */
export function jobProgress(job) {
  const bar = h("progress", { max: "1", value: "0" });
  const words = h("span", { class: "small soft job-words" });
  const element = h("div", { class: "job-progress" }, bar, words);
  const update = (latest) => {
    bar.value = latest.progress;
    bar.setAttribute("aria-label", `Progress of ${describeJob(latest)}`);
    bar.setAttribute("aria-valuetext", formatShare(latest.progress));
    fill(words, describeProgress(latest));
  };
  update(job);
  return { element, update };
}
