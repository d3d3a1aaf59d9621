// A job's tickers: how each went, and why not.

import { api } from "../api.js";
import { fill, focusedIn, h, notify } from "../dom.js";
import { isImport } from "../job-progress.js";
import { FINISHED } from "../job-watch.js";
import { ago } from "../moments.js";
import { oneStopPerRow } from "../rows.js";
import { problem } from "../states.js";
import { field, select } from "../widgets.js";
import { badge, statesOf } from "../words.js";
import { jobPath } from "./commands.js";

const PAGE_SIZE = 100;
const LARGEST_PAGE = 500;
const REFRESH_MILLISECONDS = 3000;
/** @type {[string, string][]} */
const STATUSES = [["", "All"], ...statesOf("item")];

/** The items of a job. `update(job)` looks again when the job has got on, every few seconds at most. */
export class JobItems {
  #job;
  #status;
  #shown = 0;
  #body = oneStopPerRow(h("tbody"));
  #more = h("div", { class: "row centred more" });
  #area = h("div", {});
  #seen = null; // the job's version that the rows are of
  /** @type {number | null} */
  #timer = null;
  #isStopped = false;

  constructor(job, status, onStatus) {
    this.#job = job;
    this.#status = status;
    const filter = select("items", STATUSES, status, (event) => onStatus(event.target.value));
    this.element = h("section", { class: "card", "aria-label": "Tickers of this job" }, h("div", { class: "spread list-head" }, h("h2", {}, "Tickers"), field("Show", filter)), this.#area);
  }

  async load() {
    this.#seen = this.#job.version;
    try {
      const limit = Math.min(Math.max(this.#shown, PAGE_SIZE), LARGEST_PAGE);
      const page = await this.#get({ limit });
      if (this.#isStopped) return;
      this.#shown = 0;
      const focused = focusedIn(this.#body)?.closest("tr")?.dataset.ticker;
      this.#body.replaceChildren();
      this.#append(page);
      fill(
        this.#area,
        page.items.length
          ? [this.#table(), this.#more]
          : h("p", { class: "soft" }, this.#status ? `No ticker is in this state${FINISHED.has(this.#job.status) ? "" : " now"}.` : "This job has no tickers."),
      );
      if (!focused) return;
      /** @type {HTMLAnchorElement | null} */
      const link = this.#body.querySelector(`tr[data-ticker="${CSS.escape(focused)}"] a`);
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
    return api.get(jobPath(this.#job, "/items"), { status: this.#status, ...params });
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
      notify(`The next tickers did not come. ${error.words ?? error.message}`, { problem: true });
    }
  }

  #table() {
    const headings = ["Ticker", "Status", "Outcome", "Finished"];
    return h(
      "div",
      { class: "table-scroll" },
      h(
        "table",
        { class: "items" },
        h("caption", { class: "visually-hidden" }, "The job's tickers"),
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

function buildRow(item, job) {
  const { strategy } = job.params;
  const address = `/tickers/${encodeURIComponent(item.ticker)}${!strategy || strategy === "balanced" ? "" : `?strategy=${encodeURIComponent(strategy)}`}`;
  return h(
    "tr",
    { dataset: { ticker: item.ticker, status: item.status } },
    h("th", { scope: "row" }, h("a", { href: address }, item.ticker)),
    h("td", {}, badge("item", item.status), item.tries > 1 && h("span", { class: "small soft" }, ` ${item.tries} tries`)),
    h("td", { class: "small outcome-cell" }, outcome(item, job)),
    h("td", { class: "small ended-cell" }, item.finished_at ? ago(item.finished_at) : "–"),
  );
}

function outcome(item, job) {
  if (item.error?.code === "ticker_not_found") return [h("code", {}, item.error.code), " There are no prices for it. ", h("a", { href: "/prices" }, "Upload prices")];
  if (item.error) return [h("code", {}, item.error.code), " ", item.error.message];
  if (item.result_id && isImport(job)) return job.params.dry_run ? "Checked" : "Stored";
  if (item.result_id) return h("a", { href: `/api/v1/results/${encodeURIComponent(item.result_id)}`, "aria-label": `Result of ${item.ticker} as JSON` }, "Result as JSON");
  return "–";
}
