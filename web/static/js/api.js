// The JSON API, called as the page's session.

import { heardStatus, missed } from "./connection.js";
import { csrfToken } from "./dom.js";
import { forPeople } from "./problem-words.js";
import { organizationOfPage, refreshToken, sessionNow, signInAgain, tellOtherOrganization } from "./session.js";
import { waitForBudget, waitForSlot } from "./waiting.js";

const BASE = "/api/v1";
const SOON_SECONDS = 1; // what Retry-After says where nothing but a slot is missing
const MOST_TRIES = 6;
const LONGEST_WAIT_SECONDS = 60; // until a budget is filled again; past that, the page says when to try again

/**
 * @typedef {object} Options
 * @property {Record<string, any>} [params]
 * @property {any} [json]
 * @property {BodyInit} [body]
 * @property {string} [type] - of the body
 * @property {Record<string, string>} [headers]
 * @property {string} [accept]
 * @property {AbortSignal} [signal]
 */

/** An error answer: the API's problem details. `status` is 0 when there was no answer at all. */
export class ApiProblem extends Error {
  /**
   * @param {number} status
   * @param {Record<string, any>} problem
   */
  constructor(status, problem = {}) {
    super(problem.detail ?? "The service cannot be reached. See that it runs and that you are online.");
    this.status = status;
    this.code = problem.code ?? "unreachable";
    this.title = problem.title ?? "No answer";
    this.detail = this.message;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id ?? null;
    this.retryAfter = problem.retryAfter ?? null;
  }

  /** Everything that a person should read, in one text. */
  get words() {
    const fields = this.errors.filter((entry) => !this.message.includes(entry.message)).map((entry) => (entry.field ? `${entry.field}: ${entry.message}` : entry.message));
    return [forPeople(this.message, this.code), ...fields].join(" ");
  }
}

/** A path with its query; parameters that are null, undefined or "" are left out. */
export function address(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  const url = path.startsWith("/health") ? path : `${BASE}${path}`;
  return query.size ? `${url}?${query}` : url;
}

/**
 * A problem of an error answer's text. @param {number} status @param {string} text @param {string | null} retryAfter
 */
export function problemOf(status, text, retryAfter) {
  /** @type {any} */
  let problem = null;
  try {
    problem = JSON.parse(text);
  } catch {
    // A proxy's page: its status is all that there is to say.
  }
  if (problem?.code === "other_organization") tellOtherOrganization();
  return new ApiProblem(status, { ...problem, detail: problem?.detail ?? `The service answered ${status}.`, retryAfter: Number(retryAfter) || null });
}

/**
 * Send a request until the session of the page is good for it: one that has ended is renewed in place, and the token of one that another tab began is fetched.
 * @template Answer
 * @param {boolean} isChange
 * @param {() => Promise<Answer>} send
 * @param {(answer: Answer) => number} statusOf
 */
export async function inSession(isChange, send, statusOf) {
  for (let isFirst = true; ; isFirst = false) {
    const usedBy = sessionNow();
    const answer = await send();
    const status = statusOf(answer);
    if (status === 401) {
      if (await signInAgain(usedBy, isChange)) continue;
      throw new ApiProblem(401, { detail: "Your session has ended. Sign in again.", code: "unauthorized", title: "Signed out" });
    }
    if (status === 403 && isChange && isFirst && (await refreshToken())) continue;
    return answer;
  }
}

/**
 * Fetch as the page's session; every answer and every silence tells whether the service is there. Throws ApiProblem, or AbortError.
 * @param {string} url
 * @param {{method?: string, headers: Record<string, string>, body?: BodyInit, signal?: AbortSignal}} options
 */
export function request(url, { method = "GET", headers, ...rest }) {
  const send = async () => {
    const sent = { "X-Organization": organizationOfPage(), ...headers, ...(method !== "GET" && { "X-CSRF-Token": csrfToken() }) };
    try {
      const answer = await fetch(url, { method, headers: sent, credentials: "same-origin", ...rest });
      heardStatus(answer.status);
      return answer;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      missed();
      throw new ApiProblem(0);
    }
  };
  return inSession(method !== "GET", send, (answer) => answer.status);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Options} options
 * @returns {Promise<any>}
 */
async function call(method, path, { params, json, body, type, headers, accept = "application/json", signal } = {}) {
  /** @type {Record<string, string>} */
  const sent = { Accept: accept, ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  else if (type) sent["Content-Type"] = type;
  const answer = await request(address(path, params), { method, headers: sent, body: json === undefined ? body : JSON.stringify(json), signal });
  const text = await answer.text();
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  /** @type {any} */
  let parsed = null;
  if (isJson && text) {
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new ApiProblem(answer.status, { detail: "The answer could not be read. Load the page again.", code: "unreadable", title: "Unreadable answer" });
    }
  }
  // Health says by 503 that something is wrong, and what: that is its answer.
  const isHealth = path.startsWith("/health") && typeof parsed?.status === "string"; // a problem has a number there
  if (!answer.ok && !isHealth) throw problemOf(answer.status, text, answer.headers.get("Retry-After"));
  return isJson ? parsed : text;
}

/**
 * Where the server makes as many heavy answers as it can at once, or the caller's budget is spent for some seconds, ask again when it says.
 * @param {() => Promise<any>} send
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function patiently(send, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await untilAnswered(error, signal);
    }
  }
}

/** Wait for what a refused read needs; throws the problem where waiting does not help. @param {ApiProblem} problem @param {AbortSignal} [signal] */
async function untilAnswered(problem, signal) {
  if (problem.status === 503 && problem.retryAfter === SOON_SECONDS) {
    const done = waitForSlot();
    await pause(SOON_SECONDS, signal).finally(done);
  } else if (problem.status === 429 && problem.retryAfter !== null && problem.retryAfter <= LONGEST_WAIT_SECONDS) {
    waitForBudget(problem.retryAfter);
    await pause(problem.retryAfter, signal);
  } else throw problem;
}

/** @param {number} seconds @param {AbortSignal} [signal] @returns {Promise<void>} */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

export const api = {
  /** @type {(path: string, params?: Record<string, any>, options?: Options) => Promise<any>} */
  get: (path, params, options) => patiently(() => call("GET", path, { ...options, params }), options?.signal),
  /** What is sent as a POST and may be sent twice, as it is found again: as patient as a read. @type {(path: string, json: any, options?: Options) => Promise<any>} */
  ask: (path, json, options) => patiently(() => call("POST", path, { ...options, json }), options?.signal),
  /** @type {(path: string, json?: any, options?: Options) => Promise<any>} */
  post: (path, json = {}, options) => call("POST", path, { ...options, json }),
  /** @type {(path: string, json?: any, options?: Options) => Promise<any>} */
  put: (path, json, options) => call("PUT", path, { ...options, json }),
  /** @type {(path: string, json?: any, options?: Options) => Promise<any>} */
  patch: (path, json, options) => call("PATCH", path, { ...options, json }),
  /** Send a file as it is. */
  postFile: (path, body, type, params) => call("POST", path, { body, type, params }),
  delete: (path, params) => call("DELETE", path, { params }),
};
