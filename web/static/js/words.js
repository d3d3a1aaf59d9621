// The name and the colour of every state, the same on all pages: the API's own word for it, spelled for people.
//
// A colour says one thing: good = it went well, bad = somebody must act, warn = look at it, busy = it is being worked on; "" = neither.

import { h } from "./dom.js";

/** @typedef {[name: string, tone: string]} Words */

/** @type {Record<string, Words>} */
const VERDICTS = { "Strong Buy": ["Strong Buy", "good"], Buy: ["Buy", "good"], Hold: ["Hold", ""], Sell: ["Sell", "bad"], "Strong Sell": ["Strong Sell", "bad"] };
/** @type {Record<string, Words>} */
const SIGNALS = { BUY: ["Buy", "good"], HOLD: ["Hold", ""], SELL: ["Sell", "bad"] };
/** @type {Record<string, Words>} */
const JOBS = { queued: ["Queued", ""], processing: ["Processing", "busy"], completed: ["Completed", "good"], failed: ["Failed", "bad"], cancelled: ["Cancelled", ""] };
/** The states that a job does not leave. */
export const FINISHED = new Set(["completed", "failed", "cancelled"]);
/** @type {Record<string, Words>} */
const ITEMS = { queued: JOBS.queued, processing: JOBS.processing, succeeded: ["Succeeded", "good"], failed: JOBS.failed, cancelled: JOBS.cancelled };
/** @type {Record<string, Words>} */
const CHECKS = { ok: ["OK", "good"], warning: ["Warning", "warn"], critical: ["Critical", "bad"], skipped: ["Skipped", ""] };
/** @type {Record<string, Words>} */
const BREAKERS = { closed: ["Closed", "good"], "half-open": ["Half-open", "warn"], open: ["Open", "bad"] };
/** @type {Record<string, Words>} */
const PROVIDERS = {
  asked: ["Asked", "good"],
  failing: ["Failing", "warn"],
  spent: ["Calls used up", "warn"],
  open: ["Left alone", "bad"],
  unconfigured: ["Not configured", ""],
};
/** @type {Record<string, Words>} */
const SCHEMAS = { current: ["Current", "good"], behind: ["Behind", "warn"], ahead: ["Ahead", "warn"], diverged: ["Diverged", "bad"] };
/** @type {Record<string, Words>} */
const SWITCHES = { on: ["On", "good"], off: ["Off", "warn"] };
/** @type {Record<string, Words>} */
const FRESHNESS = { fresh: ["Fresh", "good"], late: ["Late", "warn"], stale: ["Old", "bad"], unknown: ["No prices", ""] };
/** @type {Record<string, Words>} */
const COMPARISONS = { same: ["Same", "good"], differs: ["Providers differ", "warn"] };
/** @type {Record<string, Words>} */
const FILES = {
  waiting: ["Waiting", ""],
  checking: ["Checking", "busy"],
  checked: ["Checked", ""],
  sending: ["Uploading", "busy"],
  stored: ["Stored", "good"],
  saved: ["Saved", "good"],
  refused: ["Refused", "bad"],
};

/** @type {Record<string, Words>} */
const ALERT_STATES = { normal: ["Normal", ""], pending: ["Pending", "busy"], firing: ["Firing", "warn"], recovering: ["Recovering", ""], no_data: ["No data", "bad"] };

/** @type {Record<string, Words>} */
const DELIVERIES = { pending: ["Waits", ""], sending: ["Being sent", "busy"], delivered: ["Delivered", "good"], failed: ["Given up", "bad"], disabled: ["Not sent", "warn"] };
/** @type {Record<string, Words>} */
const ATTEMPTS = { delivered: DELIVERIES.delivered, refused: ["Refused", "bad"], unanswered: ["No answer", "bad"], lost: ["Lost", "warn"] };

/** @type {Record<string, Words>} */
const REPORTS = { queued: JOBS.queued, processing: ["Being made", "busy"], ready: ["Ready", "good"], failed: JOBS.failed };

/** @type {Record<string, Words>} */
const INTEGRATIONS = { off: ["Not set up", ""], set_up: ["Set up", ""], ok: ["Works", "good"], warning: ["Look at it", "warn"] };

const TABLES = {
  alert: ALERT_STATES,
  attempt: ATTEMPTS,
  delivery: DELIVERIES,
  verdict: VERDICTS,
  signal: SIGNALS,
  job: JOBS,
  item: ITEMS,
  check: CHECKS,
  breaker: BREAKERS,
  provider: PROVIDERS,
  schema: SCHEMAS,
  switch: SWITCHES,
  freshness: FRESHNESS,
  integration: INTEGRATIONS,
  comparison: COMPARISONS,
  file: FILES,
  report: REPORTS,
};

/** @typedef {keyof typeof TABLES} Kind */

/**
 * A state's name and colour. One that is not known (of a newer service) is named as it is, and has no colour.
 * @param {Kind} kind
 * @param {string} state
 * @returns {Words}
 */
export const wordsOf = (kind, state) => TABLES[kind][state] ?? [state, ""];

/** All states of a kind as [state, name], for a select. @param {Kind} kind @returns {[string, string][]} */
export const statesOf = (kind) => Object.entries(TABLES[kind]).map(([state, [name]]) => [state, name]);

/** How a verdict or a signal is coloured: good, bad or neither. */
export const toneOf = (verdict) => (VERDICTS[verdict] ?? SIGNALS[verdict] ?? ["", ""])[1];

/** A state's badge. `name` may say more than the state's own name. @param {Kind} kind @param {string} state @param {string | null} [name] */
export function badge(kind, state, name = null) {
  const [own, tone] = wordsOf(kind, state);
  return h("span", { class: `badge ${tone}`.trim() }, name ?? own);
}

/** A note beside something: the same word and colour wherever a warning stands. */
export const warningBadge = () => h("span", { class: "badge warn" }, "Warning");

/** A job's badge. One that was asked to stop says so until it has; one with failed items is completed, and says of how many. */
export function jobBadge(job) {
  const isActive = job.status === "queued" || job.status === "processing";
  return badge("job", job.status, isActive && job.cancel_requested ? "Cancelling" : null);
}
