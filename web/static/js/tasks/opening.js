// What the views of the page share: how long a job took, and links that are followed within the page.

import { formatDuration } from "../format.js";
import { FINISHED } from "../words.js";

/** How long a job ran, or has been running. */
export function duration(job) {
  if (!job.started_at) return "–";
  const end = FINISHED.has(job.status) ? new Date(job.finished_at) : new Date();
  return formatDuration(Math.max(0, (end.getTime() - new Date(job.started_at).getTime()) / 1000));
}

/** Follow a link within the page; with a key held down, the browser does what it is told. */
export function openHere(event, go) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go();
}
