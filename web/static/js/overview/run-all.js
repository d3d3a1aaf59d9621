// Analysing a whole watch list, with the progress in place.

import { api } from "../api.js";
import { byId, isFocusLost } from "../dom.js";
import { FINISHED } from "../words.js";

const NEWEST = 20; // an older job that is still active is on the page of tasks
const KIND = "bulk_analysis";

/** Loaded when there is a job: the first page is lighter without it. */
const bulkRun = () => import("../bulk-run.js");

export class RunAll {
  /** @type {HTMLButtonElement} */
  #button = byId("analyse-all");
  #area = byId("bulk");
  #order;
  #onEnd;
  #isBusy = false;
  #isAllowed = false;

  /** `order()` is what is asked for when the button is pressed; `onEnd()` is called when a job has ended. */
  constructor(order, onEnd) {
    this.#order = order;
    this.#onEnd = onEnd;
    this.#button.addEventListener("click", () => this.#run(async () => (await bulkRun()).runBulk(this.#area, this.#order())));
  }

  /** Analyse some tickers, unless an analysis is under way here already. */
  start(tickers) {
    const { strategy } = this.#order();
    if (!this.#isBusy) this.#run(async () => (await bulkRun()).runBulk(this.#area, { tickers, strategy }));
  }

  /** Whether there is anything to analyse. */
  allow(isAllowed) {
    this.#isAllowed = isAllowed;
    this.#button.disabled = !isAllowed || this.#isBusy;
  }

  /** Go on showing the progress of an analysis that was begun before this page was opened. */
  async resume() {
    let running = null;
    try {
      const { items } = await api.get("/jobs", { limit: NEWEST });
      const { universe } = this.#order();
      running = items.find((job) => !FINISHED.has(job.status) && job.kind === KIND && universe && job.params.universe === universe);
    } catch {
      return; // the page is whole without it
    }
    if (running && !this.#isBusy) this.#run(async () => (await bulkRun()).followJob(this.#area, running));
  }

  async #run(begin) {
    this.#isBusy = true;
    this.allow(this.#isAllowed);
    const job = await begin();
    this.#isBusy = false;
    this.allow(this.#isAllowed);
    if (isFocusLost()) this.#button.focus();
    if (job) await this.#onEnd();
  }
}
