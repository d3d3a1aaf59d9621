// The list of jobs, newest first; active ones are live. On a phone the table's rows are laid out as cards, which takes their meaning from
// them in some browsers: so roles say it again.

import { api } from "../api.js";
import { fill, focusedIn, h, notify } from "../dom.js";
import { formatWhole } from "../format.js";
import { describeJob, jobProgress } from "../job-progress.js";
import { ago } from "../moments.js";
import { oneStopPerRow } from "../rows.js";
import { empty } from "../states.js";
import { knowStrategies } from "../strategies.js";
import { field, select } from "../widgets.js";
import { jobBadge, statesOf } from "../words.js";
import { commandButtons } from "./commands.js";
import { LiveJobs } from "./live.js";
import { duration, openHere } from "./opening.js";

const PAGE_SIZE = 30;
/** @type {[string, string][]} */
const STATUSES = [["", "All"], ...statesOf("job")];
const HEADINGS = ["Job", "Status", "Progress", "Created", "Took"];

/** The view: its element once the first page is there, and how to stop it. `go(values)` changes the address. */
export async function openList(state, go) {
  const rows = new Map();
  const live = new LiveJobs(
    (job) => rows.get(job.id)?.update(job),
    (job) => insert(job),
  );
  const area = h("div", {});
  const news = h("p", { class: "visually-hidden", role: "status" });
  let isWhole = false; // whether the last page is there
  const body = oneStopPerRow(h("tbody", { role: "rowgroup" }));
  const more = h("div", { class: "row centred more" });
  const open = (job) => go({ job: job.id });

  const append = ({ items, next_cursor: cursor }) => {
    const fragment = document.createDocumentFragment();
    for (const job of items) {
      if (rows.has(job.id)) continue;
      const row = buildRow(job, (latest) => live.take(latest), open, go);
      rows.set(job.id, row);
      fragment.append(row.element);
    }
    const first = fragment.firstElementChild;
    body.append(fragment);
    live.follow(items);
    isWhole = cursor === null;
    fill(more, cursor && h("button", { type: "button", onclick: (event) => loadMore(cursor, event.currentTarget) }, "Load more"));
    return first;
  };
  /** Put in a job that somebody else has started, at its place. The focus and what is looked at stay where they are. */
  const insert = (job) => {
    if (rows.has(job.id) || (state.status && job.status !== state.status)) return;
    const before = [...rows.keys()]
      .filter((id) => id < job.id)
      .sort()
      .at(-1);
    if (before === undefined && !isWhole) return; // it belongs to a page that is not there yet
    const row = buildRow(job, (latest) => live.take(latest), open, go);
    row.element.classList.add("new");
    keepingPlace(body, () => body.insertBefore(row.element, before === undefined ? null : rows.get(before).element));
    rows.set(job.id, row);
    live.follow([job]);
    if (!area.contains(body)) fill(area, content);
    news.textContent = `New job: ${describeJob(job)}.`;
  };
  const loadMore = async (cursor, button) => {
    button.disabled = true;
    try {
      append(await api.get("/jobs", { status: state.status, limit: PAGE_SIZE, cursor }))
        ?.querySelector("a")
        ?.focus({ preventScroll: true });
    } catch (error) {
      button.disabled = false;
      button.focus();
      notify(`The next jobs did not come. ${error.words ?? error.message}`, { problem: true });
    }
  };

  const [page] = await Promise.all([api.get("/jobs", { status: state.status, limit: PAGE_SIZE }), knowStrategies()]);
  append(page);
  const filter = select("status", STATUSES, state.status, (event) => go({ status: event.target.value }));
  const head = h("div", { class: "spread list-head" }, field("Status", filter), h("button", { type: "button", onclick: () => go({}, { again: true }) }, "Refresh"));
  const table = h(
    "table",
    { class: "jobs", role: "table" },
    h("caption", { class: "visually-hidden" }, "Jobs, newest first"),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        HEADINGS.map((name) => h("th", { role: "columnheader", scope: "col" }, name)),
        h("th", { role: "columnheader", scope: "col" }, h("span", { class: "visually-hidden" }, "Commands")),
      ),
    ),
    body,
  );
  const content = [h("div", { class: "table-scroll" }, table), more];
  fill(area, page.items.length ? content : nothing(state, go));
  return { element: h("section", { class: "card", "aria-label": "Jobs" }, head, area, news), stop: () => live.stop() };
}

/** Change the rows without moving the one that has the focus, or, further down the page, the one that is read. */
function keepingPlace(body, change) {
  const read = () => (scrollY > 0 ? [...body.rows].find((row) => row.getBoundingClientRect().top >= 0) : null);
  const row = focusedIn(body)?.closest("tr") ?? read();
  const before = row?.getBoundingClientRect().top ?? 0;
  change();
  if (row) scrollBy({ top: row.getBoundingClientRect().top - before, behavior: "instant" });
}

function nothing(state, go) {
  if (state.status) return empty("No job is in this state", h("button", { type: "button", onclick: () => go({ status: "" }) }, "Show all jobs"));
  return empty("No job has run yet", "Analyse the watchlist, all tickers, or a list of your own: open “New analysis of many tickers” above. Jobs go on when this page is closed.");
}

function buildRow(job, onJob, onNew, go) {
  const status = h("td", { role: "cell", class: "status-cell" });
  const progress = jobProgress(job);
  const took = h("td", { role: "cell", class: "small took-cell" });
  const commands = h("td", { role: "cell", class: "commands-cell" });
  const link = h("a", { href: `/tasks?job=${encodeURIComponent(job.id)}`, onclick: (event) => openHere(event, () => go({ job: job.id })) });
  const title = h("th", { role: "rowheader", scope: "row", class: "job-cell" }, link);
  let state = "";
  const update = (latest) => {
    progress.update(latest);
    fill(status, jobBadge(latest), latest.status === "completed" && latest.failed > 0 && h("span", { class: "small failed-note" }, ` ${formatWhole(latest.failed)} failed`));
    fill(took, duration(latest));
    fill(link, describeJob(latest));
    commands.dataset.version = latest.version;
    // Buttons are made anew only when others fit: one that has the focus keeps it while the job gets on. A command looks at the newest job.
    Object.assign(job, latest);
    const next = `${latest.status} ${latest.cancel_requested}`;
    if (next === state) return;
    state = next;
    const had = commands.contains(document.activeElement);
    fill(commands, commandButtons(job, onJob, onNew));
    if (had) /** @type {HTMLElement} */ (commands.querySelector("button:not(:disabled)") ?? link).focus();
  };
  update(job);
  const element = h(
    "tr",
    { role: "row", dataset: { job: job.id } },
    title,
    status,
    h("td", { role: "cell", class: "progress-cell" }, progress.element),
    h("td", { role: "cell", class: "small created-cell" }, ago(job.created_at)),
    took,
    commands,
  );
  return { element, update };
}
