// What a person can do with a job.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { countOf, itemsOf, kindOf } from "../job-kinds.js";
import { describeJob } from "../job-progress.js";
import { download } from "../transfer.js";
import { FINISHED } from "../words.js";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const TRIES = 3;

/** The address of a job's API call. */
export function jobPath(job, rest = "") {
  return `/jobs/${encodeURIComponent(job.id)}${rest}`;
}

/** The buttons that fit a job's state. `onJob(job)` hears of the job after a command, `onNew(job)` of a job that was made by one. */
export function commandButtons(job, onJob, onNew) {
  const name = describeJob(job);
  const isActive = !FINISHED.has(job.status);
  return [
    isActive &&
      h(
        "button",
        {
          type: "button",
          class: "danger small",
          disabled: job.cancel_requested,
          dataset: { command: "cancel" },
          "aria-label": `Cancel ${name}`,
          onclick: (event) => cancel(job, onJob, event.currentTarget),
        },
        "Cancel",
      ),
    !isActive &&
      job.failed > 0 &&
      h(
        "button",
        { type: "button", class: "small", dataset: { command: "retry" }, "aria-label": `Retry the failed ${itemsOf(job)} of ${name}`, onclick: (event) => retry(job, onNew, event.currentTarget) },
        "Retry failed",
      ),
    kindOf(job.kind).hasReport &&
      h("button", { type: "button", class: "small", dataset: { command: "report" }, "aria-label": `Excel report of ${name}`, onclick: (event) => report(job, event.currentTarget) }, "Excel"),
  ];
}

async function cancel(job, onJob, button) {
  if (!(await isSure(job))) return;
  const place = button.parentElement;
  button.disabled = true;
  try {
    onJob(await cancelAt(job, onJob));
    notify(`${describeJob(job)}: it stops at the next ${kindOf(job.kind).noun[0]}. What is done stays.`);
  } catch (error) {
    button.disabled = false;
    notify(cancelProblem(job, error), { problem: true });
    if (error.status === 409 || error.status === 412) await lookAgain(job, onJob);
  } finally {
    // A button that was disabled or replaced has lost the focus; whoever went on elsewhere stays there.
    if (document.activeElement === document.body) place.querySelector("button:not(:disabled)")?.focus();
  }
}

/** Cancel the job at the version that it is at now. One that has only got on meanwhile is still the one that was meant: it is tried again. */
async function cancelAt(job, onJob) {
  for (let tries = 1; ; tries++) {
    const latest = await api.get(jobPath(job)); // its workers have moved it on while the question was being read
    onJob(latest);
    if (latest.cancel_requested && !FINISHED.has(latest.status)) return latest;
    try {
      return await api.post(jobPath(job, "/cancel"), {}, { headers: { "If-Match": `"${latest.version}"` } });
    } catch (error) {
      if (error.status !== 412 || tries === TRIES) throw error;
    }
  }
}

function cancelProblem(job, error) {
  if (error.status === 409) return `${describeJob(job)} ended before it could be cancelled: there is nothing left to stop.`;
  if (error.status === 412) return `${describeJob(job)} changed while it was being cancelled. Look at where it is now, then cancel it again.`;
  return `${describeJob(job)} was not cancelled. ${error.words ?? error.message}`;
}

async function lookAgain(job, onJob) {
  try {
    onJob(await api.get(jobPath(job)));
  } catch {
    // The notice says what happened; the job's row shows what was last known.
  }
}

function isSure(job) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("cancel-dialog");
  const left = job.total - job.completed;
  const done = job.completed ? `${countOf(job, job.completed)} ${job.completed === 1 ? "is done and stays" : "are done and stay"}` : "nothing is done yet";
  fill(byId("cancel-what"), `${describeJob(job)}: ${done}; ${countOf(job, left)} would not be ${kindOf(job.kind).done(job)}.`);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "cancel"), { once: true }));
}

async function retry(job, onNew, button) {
  button.disabled = true;
  try {
    const fresh = await api.post(jobPath(job, "/retry"));
    notify(fresh.deduplicated ? `The failed ${itemsOf(job)} are tried again already; this is that job.` : `The failed ${itemsOf(job)} are tried again.`);
    onNew(fresh);
  } catch (error) {
    button.disabled = false;
    button.focus();
    notify(`Nothing was queued. ${error.words ?? error.message}`, { problem: true });
  }
}

async function report(job, button) {
  button.disabled = true;
  try {
    const saved = await download(`/reports${jobPath(job)}.xlsx`, { accept: XLSX, name: `job-${job.id}.xlsx` });
    notify(`${saved.name} is saved.`);
  } catch (error) {
    notify(`The report was not saved. ${error.words ?? error.message}`, { problem: true });
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  }
}
