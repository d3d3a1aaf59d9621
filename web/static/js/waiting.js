// Why an answer takes long: what the calls of this page wait for, in words.

import { announce, withdraw } from "./banner.js";
import { isUnreachable } from "./connection.js";
import { h } from "./dom.js";

let busy = 0; // reads that wait for a free slot of the service
let limitedUntil = 0; // milliseconds since the epoch
/** @type {number | undefined} */
let timer;

const secondsLeft = () => Math.ceil((limitedUntil - Date.now()) / 1000);

/** A read waits for a slot until the returned function is called. */
export function waitForSlot() {
  busy += 1;
  return () => {
    busy -= 1;
  };
}

/** Reads wait until the budget of requests is filled again: say so, with the seconds. @param {number} seconds */
export function waitForBudget(seconds) {
  limitedUntil = Math.max(limitedUntil, Date.now() + 1000 * seconds);
  clearInterval(timer);
  const left = h("span", { "aria-live": "off" }, String(secondsLeft())); // read out once, not every second
  announce("limit", "warn", h("span", {}, "This key has sent as many requests as it may for now. The page goes on by itself in ", left, " s."));
  timer = setInterval(() => {
    left.textContent = String(Math.max(0, secondsLeft()));
    if (secondsLeft() > 0) return;
    clearInterval(timer);
    withdraw("limit");
  }, 1000);
}

/** Why the page still loads. */
export function whyWaiting() {
  if (isUnreachable()) return "The service does not answer; it is tried again.";
  if (secondsLeft() > 0) return "This key has sent as many requests as it may for now; it goes on by itself.";
  if (busy > 0) return "The service is busy with other answers; this one is next.";
  return "Still loading: the service is answering slowly.";
}
