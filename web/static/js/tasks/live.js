// Following jobs: the first by streams, all of them together by polling, which also finds the jobs that others start. A page that nobody
// looks at does neither, and catches up when it is looked at again.

import { api } from "../api.js";
import { notify } from "../dom.js";
import { describeEnd } from "../job-progress.js";
import { watchJob } from "../job-watch.js";
import { FINISHED } from "../words.js";

const MOST_STREAMS = 2; // a web process serves few, and a browser keeps six connections to a host for all its pages
const POLL_MILLISECONDS = 2000;
const LONGEST_POLL_MILLISECONDS = 30000;
const POLLED_TOGETHER = 50;
const POLLED_SINGLY = 5;

/** Calls `onJob(job)` at every change of the jobs that it was given, until they end; `onOther(job)` with each job that it was not given. */
export class LiveJobs {
  #active = new Set(); // the ids of jobs, in the order in which they were given
  #newest = new Map(); // the highest version of each that was shown, also after its end: answers may arrive in any order
  #streams = new Map(); // what stops each stream, by job id
  /** @type {number | null} */
  #timer = null;
  #pause = POLL_MILLISECONDS;
  #isPolling = false;
  #isStopped = false;
  #onJob;
  #onOther;
  #see = () => (document.visibilityState === "visible" ? this.#resume() : this.#rest());

  /**
   * @param {(job: any) => void} onJob
   * @param {((job: any) => void) | null} onOther
   */
  constructor(onJob, onOther = null) {
    this.#onJob = onJob;
    this.#onOther = onOther;
    document.addEventListener("visibilitychange", this.#see);
  }

  follow(jobs) {
    for (const job of jobs) {
      if (job.version < this.#newest.get(job.id)) continue;
      this.#newest.set(job.id, job.version);
      if (!FINISHED.has(job.status)) this.#active.add(job.id);
    }
    this.#assign();
  }

  /** Take a job that was heard of otherwise, such as in the answer to a command. Says so when a followed job has ended. */
  take(job) {
    if (this.#isStopped || job.version < this.#newest.get(job.id)) return;
    const isChanged = job.version !== this.#newest.get(job.id);
    this.#newest.set(job.id, job.version);
    if (this.#active.has(job.id) && FINISHED.has(job.status)) {
      this.#drop(job.id);
      notify(describeEnd(job), { problem: job.status === "failed" });
    }
    if (isChanged || !FINISHED.has(job.status)) this.#onJob(job);
    this.#assign();
  }

  stop() {
    this.#isStopped = true;
    document.removeEventListener("visibilitychange", this.#see);
    this.#rest();
  }

  #resume() {
    this.#assign();
    this.#poll();
  }

  #rest() {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    for (const stop of this.#streams.values()) stop();
    this.#streams.clear();
  }

  #drop(id) {
    this.#streams.get(id)?.();
    this.#streams.delete(id);
    this.#active.delete(id);
  }

  #assign() {
    if (this.#isStopped || document.visibilityState !== "visible") return;
    for (const id of this.#active) {
      if (this.#streams.size >= MOST_STREAMS) break;
      if (!this.#streams.has(id))
        this.#streams.set(
          id,
          watchJob(
            id,
            (job) => this.take(job),
            (error) => error.status === 404 && this.#drop(id),
          ),
        );
    }
    if (this.#timer === null && !this.#isPolling && (this.#onOther || this.#active.size > this.#streams.size)) this.#timer = setTimeout(() => this.#poll(), this.#pause);
  }

  /** One look at the newest jobs serves all; the few followed ones that are older and have no stream are asked for one by one. */
  async #poll() {
    if (this.#isPolling || this.#isStopped) return;
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    this.#isPolling = true;
    try {
      const { items } = await api.get("/jobs", { limit: POLLED_TOGETHER });
      const seen = new Set(items.map((job) => job.id));
      for (const job of [...items].reverse()) {
        if (this.#isStopped) return;
        if (this.#newest.has(job.id)) this.take(job);
        else this.#onOther?.(job);
      }
      const older = [...this.#active].filter((id) => !this.#streams.has(id) && !seen.has(id)).slice(0, POLLED_SINGLY);
      for (const id of older) await this.#pollOne(id);
      this.#pause = POLL_MILLISECONDS;
    } catch {
      // The page shows the last that is known; it is asked again, less often.
      this.#pause = Math.min(2 * this.#pause, LONGEST_POLL_MILLISECONDS);
    } finally {
      this.#isPolling = false;
    }
    this.#assign();
  }

  async #pollOne(id) {
    try {
      this.take(await api.get(`/jobs/${encodeURIComponent(id)}`));
    } catch (error) {
      if (error.status !== 404) throw error;
      this.#drop(id); // it was removed, being old
    }
  }
}
