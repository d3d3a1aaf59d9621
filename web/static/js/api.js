// The JSON API, called as the page's session.

import { csrfToken } from "./dom.js";

const BASE = "/api/v1";
const SOON_SECONDS = 1; // what Retry-After says where nothing but a slot is missing
const MOST_TRIES = 6;

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
    return [this.message, ...fields].join(" ");
  }
}

/** A path with its query; parameters that are null, undefined or "" are left out. */
export function address(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  const url = path.startsWith("/health") ? path : `${BASE}${path}`;
  return query.size ? `${url}?${query}` : url;
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
  if (method !== "GET") sent["X-CSRF-Token"] = csrfToken();
  if (json !== undefined) sent["Content-Type"] = "application/json";
  else if (type) sent["Content-Type"] = type;
  let answer;
  try {
    answer = await fetch(address(path, params), { method, headers: sent, body: json === undefined ? body : JSON.stringify(json), signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiProblem(0);
  }
  if (answer.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new ApiProblem(401, { detail: "Your session has ended. Sign in again.", code: "unauthorized", title: "Signed out" });
  }
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
  if (!answer.ok && !isHealth)
    throw new ApiProblem(answer.status, { ...parsed, detail: parsed?.detail ?? `The service answered ${answer.status}.`, retryAfter: Number(answer.headers.get("Retry-After")) || null });
  return isJson ? parsed : text;
}

/**
 * A read. Where the server makes as many heavy answers as it can at once, it is asked again when it says.
 * @param {string} path
 * @param {Record<string, any>} [params]
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
async function read(path, params, options) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call("GET", path, { ...options, params });
    } catch (error) {
      if (error.status !== 503 || error.retryAfter !== SOON_SECONDS || tries === MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * SOON_SECONDS));
    }
  }
}

export const api = {
  get: read,
  /** @type {(path: string, json?: any, options?: Options) => Promise<any>} */
  post: (path, json = {}, options) => call("POST", path, { ...options, json }),
  /** @type {(path: string, json?: any, options?: Options) => Promise<any>} */
  put: (path, json, options) => call("PUT", path, { ...options, json }),
  /** Send a file's text as it is. */
  upload: (path, body, type, params) => call("PUT", path, { body, type, params }),
  delete: (path, params) => call("DELETE", path, { params }),
};
