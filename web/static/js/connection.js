// Whether the service answers. A page that is looked at hears of it within three seconds, also while it asks for nothing itself.
//
// What the page asks for tells enough while it gets answers; only silence is broken by a probe, which costs the service a fraction of a
// millisecond and counts in no budget. One call that fails proves nothing, so it only brings the next probe forward.

import { announce, withdraw } from "./banner.js";
import { h } from "./dom.js";

const PROBE = "/health/live";
const QUIET_MILLISECONDS = 1400; // without an answer to anything, before it is asked
const PATIENCE_MILLISECONDS = 1400; // for the probe's answer; with the former less than three seconds
const AWAY_PATIENCE_MILLISECONDS = 5000; // once it is said: a slow way to the service must not be told as none for ever
const LATE_MILLISECONDS = 500; // a timer that is later than this was held up with the page, or the computer slept: it proves nothing
const RETRY_MILLISECONDS = 300; // until a probe that failed is confirmed
const AGAIN_MILLISECONDS = 1000; // between probes while nothing answers
const SAID_MILLISECONDS = 8000; // how long "it answers again" stands there
const NO_SERVICE = new Set([502, 504]); // a proxy answers, the service behind it does not

let isAway = false;
let heardAt = performance.now();
let failures = 0;
/** @type {number | undefined} */
let timer;
let probe = 0; // the number of the newest probe, so that what came of a former one is nothing
/** @type {Set<() => any>} */
const returns = new Set();

export const isUnreachable = () => isAway;

/** An answer came, or a part of one. */
export function heard() {
  heardAt = performance.now();
  failures = 0;
  if (isAway) back();
}

/** A status of an answer: the service's own, or that of a proxy which found none. @param {number} status */
export function heardStatus(status) {
  if (NO_SERVICE.has(status)) missed();
  else heard();
}

/** A call got no answer. */
export function missed() {
  if (!isAway && isWatched()) ask();
}

/** Call `reload` when the service answers again after it did not; returns a function that stops that. @param {() => any} reload */
export function onReturn(reload) {
  returns.add(reload);
  return () => returns.delete(reload);
}

/** Begin to watch. */
export function watchConnection() {
  addEventListener("offline", () => ask());
  addEventListener("online", () => ask());
  document.addEventListener("visibilitychange", () => (isWatched() ? ask() : clearTimeout(timer)));
  plan(QUIET_MILLISECONDS);
}

const isWatched = () => document.visibilityState === "visible";

function plan(pause) {
  clearTimeout(timer);
  if (isWatched()) timer = setTimeout(ask, pause);
}

async function ask() {
  clearTimeout(timer);
  const quiet = performance.now() - heardAt;
  if (!isAway && failures === 0 && navigator.onLine && quiet < QUIET_MILLISECONDS) return plan(QUIET_MILLISECONDS - quiet);
  probe += 1;
  const mine = probe;
  const sentAt = performance.now();
  const limit = new AbortController();
  const patience = isAway ? AWAY_PATIENCE_MILLISECONDS : PATIENCE_MILLISECONDS;
  const late = setTimeout(() => limit.abort(), patience);
  let answers = false;
  try {
    answers = (await fetch(PROBE, { cache: "no-store", credentials: "omit", signal: limit.signal })).ok;
  } catch {
    // No answer is what this is to find out.
  }
  clearTimeout(late);
  if (mine !== probe) return;
  if (answers) heard();
  // If something else was heard meanwhile, it is only slow.
  else if (heardAt < sentAt) miss(limit.signal.aborted && performance.now() - sentAt < patience + LATE_MILLISECONDS);
  plan(isAway ? AGAIN_MILLISECONDS : failures ? RETRY_MILLISECONDS : QUIET_MILLISECONDS);
}

/** @param {boolean} isCertain - a probe that waited in vain needs no second one */
function miss(isCertain) {
  failures += 1;
  if (isAway || (failures === 1 && !isCertain)) return;
  isAway = true;
  const who = navigator.onLine ? "The service does not answer." : "This computer is offline.";
  announce("connection", "bad", h("span", { class: "spinner small", "aria-hidden": "true" }), `${who} What you see may be old. Trying again …`);
}

async function back() {
  isAway = false;
  if (!returns.size) {
    const again = h("button", { type: "button", onclick: () => location.reload() }, "Load the page again");
    announce("connection", "good", "It answers again.", again, closing());
    return;
  }
  announce("connection", "good", "It answers again.", closing());
  const outcomes = await Promise.allSettled([...returns].map((reload) => reload()));
  if (isAway) return;
  if (outcomes.every(({ status }) => status === "fulfilled")) announce("connection", "good", "It answers again. The page is up to date.", closing());
  setTimeout(() => isAway || withdraw("connection"), SAID_MILLISECONDS);
}

const closing = () => h("button", { type: "button", class: "quiet", onclick: () => withdraw("connection") }, "Close");
