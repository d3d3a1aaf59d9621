// A job's tickers: how each went, and why not.

import { api } from "../api.js";
import { fill, focusedIn, h, notify } from "../dom.js";
import { formatWhole } from "../format.js";
import { changedWord, itemsOf, kindOf } from "../job-kinds.js";
import { ago } from "../moments.js";
import { oneStopPerRow } from "../rows.js";
import { problem } from "../states.js";
import { field, select } from "../widgets.js";
import { badge, FINISHED, statesOf } from "../words.js";
import { jobPath } from "./commands.js";
import { failure } from "./failures.js";
import { openHere } from "./opening.js";
import { readSummary, summaryLine } from "./summary.js";

const PAGE_SIZE = 100;
const LARGEST_PAGE = 500;
const REFRESH_MILLISECONDS = 3000;
const CHANGED = "changed:"; // of the choice; no outcome is called so
/** @type {[string, string][]} */
const STATUSES = [["", "All"], ...statesOf("item")];

/**
 * What of the items is shown; empty for all.
 * @typedef {{items: string, outcome: string, changed: string}} Filter
 */

/** The items of a job, and what came of them in one line. `update(job)` looks again when the job has got on, every few seconds at most. */
export class JobItems {
  #job;
  /** @type {Filter} */
  #filter;
  #go;
  #shown = 0;
  #body = oneStopPerRow(h("tbody"));
  #more = h("div", { class: "row centred more" });
  #area = h("div", {});
  #line = h("div", {});
  #outcomes = h("div", { class: "field" });
  #seen = null; // the job's version that the rows are of
  /** @type {number | null} */
  #timer = null;
  #isStopped = false;

  /**
   * @param {any} job
   * @param {Filter} filter
   * @param {(values: Partial<Filter>, step: string | null) => void} go - changes the filter; `step` names the control that keeps the focus
   */
  constructor(job, filter, go) {
    this.#job = job;
    this.#filter = filter;
    this.#go = go;
    const status = select("items", STATUSES, filter.items, (event) => go({ items: event.target.value, outcome: "", changed: "" }, "items"));
    const name = capitalized(itemsOf(job));
    this.element = h(
      "section",
      { class: "card", "aria-label": `${name} of this job` },
      h("div", { class: "spread list-head" }, h("h2", {}, name), h("div", { class: "row" }, field("Show", status), this.#outcomes)),
      this.#line,
      this.#area,
    );
  }

  async load() {
    this.#seen = this.#job.version;
    try {
      const limit = Math.min(Math.max(this.#shown, PAGE_SIZE), LARGEST_PAGE);
      const [page, summary] = await Promise.all([this.#get({ limit }), readSummary(this.#job)]);
      if (this.#isStopped) return;
      this.#showSummary(summary);
      this.#shown = 0;
      const focused = focusedIn(this.#body)?.closest("tr")?.dataset.key;
      this.#body.replaceChildren();
      this.#append(page);
      fill(
        this.#area,
        page.items.length
          ? [this.#table(), this.#more]
          : h("p", { class: "soft" }, this.#isFiltered ? `None of its ${itemsOf(this.#job)} is so${FINISHED.has(this.#job.status) ? "" : " now"}.` : `This job has no ${itemsOf(this.#job)}.`),
      );
      if (!focused) return;
      /** @type {HTMLAnchorElement | null} */
      const link = this.#body.querySelector(`tr[data-key="${CSS.escape(focused)}"] a`);
      link?.focus({ preventScroll: true });
    } catch (error) {
      if (!("status" in error)) console.error(error);
      // While rows stand there, they stay: it is looked at again with the job's next change.
      if (!this.#shown)
        fill(
          this.#area,
          problem(error, () => this.load()),
        );
    }
  }

  update(job) {
    this.#job = job;
    if (job.version === this.#seen || this.#timer !== null || this.#shown > LARGEST_PAGE) return;
    const pause = FINISHED.has(job.status) ? 0 : REFRESH_MILLISECONDS;
    this.#timer = setTimeout(async () => {
      await this.load();
      this.#timer = null;
      // What came while it was looked at.
      if (!this.#isStopped && this.#job.version !== this.#seen) this.update(this.#job);
    }, pause);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer ?? undefined);
  }

  #get(params) {
    const { items: status, outcome, changed } = this.#filter;
    return api.get(jobPath(this.#job, "/items"), { status, outcome, changed, ...params });
  }

  get #isFiltered() {
    return Object.values(this.#filter).some(Boolean);
  }

  #showSummary(summary) {
    const whole = { items: "", outcome: "", changed: "" };
    const addressOf = (filter) => `/tasks?${new URLSearchParams({ job: this.#job.id, ...filter })}`;
    const focused = focusedIn(this.#line)?.getAttribute("href");
    fill(
      this.#line,
      summaryLine(summary, addressOf, (event, filter) => openHere(event, () => this.#go({ ...whole, ...filter }, "outcome"))),
    );
    if (focused) /** @type {HTMLElement | null} */ (this.#line.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
    this.#showOutcomes(summary);
  }

  /** The choice of an outcome. A choice that somebody has open is left alone. */
  #showOutcomes({ outcomes, changed }) {
    const { outcome, changed: isChanged } = this.#filter;
    const value = isChanged ? CHANGED : outcome;
    /** @type {[string, string][]} */
    const options = [["", "All"], ...outcomes.map(([name, count]) => [name, `${name} (${formatWhole(count)})`])];
    if (changed || isChanged) options.push([CHANGED, `${capitalized(changedWord(this.#job))} (${formatWhole(changed)})`]);
    if (outcome && !outcomes.some(([name]) => name === outcome)) options.push([outcome, outcome]);
    const current = JSON.stringify(options);
    if (this.#outcomes.dataset.options === current || focusedIn(this.#outcomes)) return;
    this.#outcomes.dataset.options = current;
    const choose = (event) => {
      const chosen = event.target.value;
      this.#go({ items: "", outcome: chosen === CHANGED ? "" : chosen, changed: chosen === CHANGED ? "true" : "" }, "outcome");
    };
    const box = options.length > 1 && [h("label", { for: "outcome" }, kindOf(this.#job.kind).outcomes), select("outcome", options, value, choose)];
    fill(this.#outcomes, box);
  }

  #append({ items, next_cursor: cursor }) {
    const fragment = document.createDocumentFragment();
    for (const item of items) fragment.append(buildRow(item, this.#job));
    const first = fragment.firstElementChild;
    this.#body.append(fragment);
    this.#shown += items.length;
    fill(this.#more, cursor && h("button", { type: "button", onclick: (event) => this.#loadMore(cursor, event.currentTarget) }, "Load more"));
    return first;
  }

  async #loadMore(cursor, button) {
    button.disabled = true;
    try {
      this.#append(await this.#get({ limit: PAGE_SIZE, cursor }))
        ?.querySelector("a")
        ?.focus({ preventScroll: true });
    } catch (error) {
      button.disabled = false;
      button.focus();
      notify(`The next ${itemsOf(this.#job)} did not come. ${error.words ?? error.message}`, { problem: true });
    }
  }

  #table() {
    const headings = [capitalized(kindOf(this.#job.kind).noun[0]), "Status", "Outcome", "Finished"];
    return h(
      "div",
      { class: "table-scroll" },
      h(
        "table",
        { class: "items" },
        h("caption", { class: "visually-hidden" }, `The job's ${itemsOf(this.#job)}`),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            headings.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        this.#body,
      ),
    );
  }
}

const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function buildRow(item, job) {
  const kind = kindOf(job.kind);
  const address = kind.address(item, job);
  return h(
    "tr",
    { dataset: { key: item.key, status: item.status } },
    h("th", { scope: "row" }, address ? h("a", { href: address }, item.key) : item.key),
    h("td", {}, badge("item", item.status), item.tries > 1 && h("span", { class: "small soft" }, ` ${item.tries} tries`)),
    h("td", { class: "small outcome-cell" }, outcome(item, kind)),
    h("td", { class: "small ended-cell" }, item.finished_at ? ago(item.finished_at) : "–"),
  );
}

function outcome(item, kind) {
  if (item.error) return failure(item);
  const built = [kind.outcome(item)].flat().filter(Boolean);
  if (built.length) return built;
  return item.status === "succeeded" ? h("span", { class: "soft" }, "done; no more was kept of it") : "–";
}
