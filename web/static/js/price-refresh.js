// Bringing prices up to date from within a page: a button where a provider is configured, and the job's progress in place.

import { api } from "./api.js";
import { followJob, runJob } from "./bulk-run.js";
import { fill, h, isFocusLost } from "./dom.js";
import { needsWords } from "./provider-words.js";
import { hasProvider } from "./providers.js";
import { FINISHED } from "./words.js";

const NEWEST = 20; // an older job that is still active is on the page of tasks
const KIND = "price_refresh";
const PAGE_SIZE = 500;

/**
 * @typedef {{tickers: string[], force?: boolean} | {universe: string}} Order
 */

/**
 * @typedef {object} Part
 * @property {() => Order} order - what is asked for when the button is pressed
 * @property {(job: any) => any} onEnd - called when a job has ended
 */

export class PriceRefresh {
  #part;
  #isBusy = false;
  #isAllowed = true;

  /** @param {Part} part */
  constructor(part) {
    this.#part = part;
    this.button = h("button", { type: "button", class: "refresh-prices", hidden: true, onclick: () => this.start(this.#part.order()) }, "Refresh prices");
    this.area = h("div", { class: "refresh-area" });
  }

  /** Show the button where a provider is configured, and go on with a refresh that was begun before the page was opened. Whether one is configured. */
  async offer() {
    const isOffered = await hasProvider();
    this.button.hidden = !isOffered;
    if (isOffered) this.#resume();
    return isOffered;
  }

  /** Refresh, and show the progress. @param {Order} order */
  start(order) {
    return this.#run(() => runJob(this.area, "/refresh", order));
  }

  /** Whether there is anything to refresh. */
  allow(isAllowed) {
    this.#isAllowed = isAllowed;
    this.button.disabled = !isAllowed || this.#isBusy;
  }

  async #resume() {
    const order = this.#part.order();
    if (!("universe" in order)) return;
    let running = null;
    try {
      const { items } = await api.get("/jobs", { limit: NEWEST });
      running = items.find((job) => !FINISHED.has(job.status) && job.kind === KIND && job.params.universe === order.universe);
    } catch {
      return; // the page is whole without it
    }
    if (running && !this.#isBusy) this.#run(() => followJob(this.area, running));
  }

  async #run(begin) {
    this.#isBusy = true;
    this.allow(this.#isAllowed);
    const job = await begin();
    this.#isBusy = false;
    this.allow(this.#isAllowed);
    if (isFocusLost()) this.button.focus();
    if (job) await this.#part.onEnd(job);
  }
}

/** The tickers of a refresh whose prices are other than before. */
export async function changedTickers(job) {
  const tickers = [];
  let cursor = null;
  do {
    const page = await api.get(`/jobs/${encodeURIComponent(job.id)}/items`, { changed: true, limit: PAGE_SIZE, cursor });
    tickers.push(...page.items.map(({ key }) => key));
    cursor = page.next_cursor;
  } while (cursor);
  return tickers;
}

/** Below the progress: an offer to analyse the tickers whose prices are new. */
export function offerAnalysis(area, tickers, analyse) {
  const words = tickers.length === 1 ? `${tickers[0]} has new prices.` : `${tickers.length} tickers have new prices.`;
  const offer = h("p", { class: "row refresh-offer" }, h("span", {}, words));
  const label = tickers.length === 1 ? "Analyse it" : "Analyse them";
  const button = h(
    "button",
    {
      type: "button",
      onclick: () => {
        offer.remove();
        analyse();
      },
    },
    label,
  );
  offer.append(button);
  area.append(offer);
}

/** Say how to configure a provider. `providers` is what GET /providers has. */
export function howToConfigure(area, providers) {
  fill(
    area,
    h(
      "details",
      { class: "small no-provider" },
      h("summary", {}, "No provider of prices is configured"),
      h("p", {}, "With one, the service fetches prices by itself, and a button here brings them up to date. Set, where the service's settings are:"),
      h(
        "ul",
        {},
        providers.map((provider) => h("li", {}, h("code", {}, needsWords(provider)), h("span", { class: "soft" }, ` ${provider.terms}`))),
      ),
    ),
  );
}
