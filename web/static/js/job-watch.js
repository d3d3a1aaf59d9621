// Following a job: by its stream; by polling when the stream is refused or breaks.

import { address, api } from "./api.js";
import { FINISHED } from "./words.js";

const POLL_MILLISECONDS = 2000;
const LONGEST_POLL_MILLISECONDS = 15000;
const SILENCE_MILLISECONDS = 5000; // a stream begins with the job: one that has said nothing by then is held back on its way

/**
 * Call `onJob(job)` at every change until the job ends. Returns a function that stops.
 * `onTrouble(problem)` hears of polls that fail; they go on, less often.
 * @param {string} jobId
 * @param {(job: any) => void} onJob
 * @param {(problem: any) => void} onTrouble
 */
export function watchJob(jobId, onJob, onTrouble = () => {}) {
  let stopped = false;
  /** @type {number | undefined} */
  let timer;
  let pause = POLL_MILLISECONDS;
  /** @type {number | undefined} */
  let silence;
  /** @type {number | null} */
  let newest = null; // the highest version so far

  const take = (job) => {
    if (stopped) return;
    clearTimeout(silence);
    if (newest !== null && job.version < newest) return;
    newest = job.version;
    onJob(job);
    if (FINISHED.has(job.status)) stop();
  };
  const poll = async () => {
    if (stopped) return;
    try {
      take(await api.get(`/jobs/${encodeURIComponent(jobId)}`, { seen: newest }));
      pause = POLL_MILLISECONDS;
    } catch (error) {
      if (stopped) return;
      onTrouble(error);
      if (error.status === 404) return stop();
      pause = Math.min(2 * pause, LONGEST_POLL_MILLISECONDS);
    }
    if (!stopped) timer = setTimeout(poll, pause);
  };
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(silence);
    source.close();
  };

  const source = new EventSource(address(`/jobs/${encodeURIComponent(jobId)}/events`));
  source.addEventListener("job", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // A stream that was refused says so by an error status, which a browser does not try again; one that broke it does.
    if (source.readyState !== EventSource.CLOSED || stopped) return;
    clearTimeout(silence);
    poll();
  });
  silence = setTimeout(() => {
    source.close();
    poll();
  }, SILENCE_MILLISECONDS);
  return stop;
}
