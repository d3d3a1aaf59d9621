// One job: how far it is, what was asked for, and its tickers.

import { api } from "../api.js";
import { copy } from "../copying.js";
import { fill, h } from "../dom.js";
import { formatExactMoment, formatWhole } from "../format.js";
import { kindOf } from "../job-kinds.js";
import { describeJob, jobProgress } from "../job-progress.js";
import { forPeople } from "../problem-words.js";
import { knowStrategies } from "../strategies.js";
import { FINISHED, jobBadge } from "../words.js";
import { commandButtons, jobPath } from "./commands.js";
import { JobItems } from "./items.js";
import { LiveJobs } from "./live.js";
import { duration, openHere } from "./opening.js";

const SHORT_ID = 8;
const WHOLE = { items: "", outcome: "", changed: "" }; // no filter of items

/** The view: its element, its title, and how to stop it. `go(values)` changes the address. */
export async function openDetail(state, go) {
  const [job] = await Promise.all([api.get(jobPath({ id: state.job })), knowStrategies()]);
  const badge = h("span", {});
  const progress = jobProgress(job);
  const facts = h("dl", { class: "facts" });
  const commands = h("div", { class: "row" });
  const fault = h("div", {});
  const { items: status, outcome, changed } = state;
  const items = new JobItems(job, { items: status, outcome, changed }, (values, step) => go(values, { step }));
  let fitting = "";

  const update = (latest) => {
    Object.assign(job, latest);
    progress.update(job);
    fill(badge, jobBadge(job));
    fill(fault, job.error && h("p", { class: "field-problem", role: "alert" }, forPeople(job.error.message, job.error.code)));
    const hadId = facts.contains(document.activeElement) && document.activeElement?.id;
    fill(facts, factsOf(job, go));
    if (hadId) document.getElementById(hadId)?.focus({ preventScroll: true });
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
        (fresh) => go({ job: fresh.id, ...WHOLE }),
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
  const kind = kindOf(job.kind);
  const isFinished = FINISHED.has(job.status);
  const facts = [
    ["Created", formatExactMoment(job.created_at)],
    ["Started", formatExactMoment(job.started_at)],
    ["Finished", formatExactMoment(job.finished_at)],
    [isFinished ? "Took" : "Running for", duration(job)],
    [capitalized(kind.noun[1]), formatWhole(job.total)],
    [capitalized(kind.done(job)), formatWhole(job.succeeded)],
    ["Failed", formatWhole(job.failed)],
    isFinished && job.total > job.completed && [`Not ${kind.done(job)}`, formatWhole(job.total - job.completed)],
    ...kind.facts(job.params),
    job.retry_of && [
      `Failed ${kind.noun[1]} of`,
      h("a", { href: `/tasks?job=${encodeURIComponent(job.retry_of)}`, onclick: (event) => openHere(event, () => go({ job: job.retry_of, ...WHOLE })) }, "the job before"),
    ],
    ["Id", shortId(job.id)],
  ];
  return facts.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

/** The end of an id, which alone tells jobs of one day apart, and a button that copies the whole. */
function shortId(id) {
  return [
    h("code", { title: id }, `…${id.slice(-SHORT_ID)}`),
    " ",
    h("button", { type: "button", class: "small quiet", id: "copy-id", "aria-label": "Copy the job's whole id", onclick: () => copy(id, "The id") }, "Copy"),
  ];
}

const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);
