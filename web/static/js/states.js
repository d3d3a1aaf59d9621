// What stands where there is nothing to show: loading, empty, a problem. Each says what to do.

import { onReturn } from "./connection.js";
import { fill, h } from "./dom.js";
import { whyWaiting } from "./waiting.js";

const LONG_MILLISECONDS = 2000; // after which loading says what it waits for
const TELL_MILLISECONDS = 1000;

export function loading(text = "Loading …") {
  const why = h("p", { class: "small" });
  const element = h("div", { class: "state", role: "status" }, h("div", { class: "spinner", "aria-hidden": "true" }), text, why);
  const tell = () => {
    if (!element.isConnected) return;
    const words = whyWaiting();
    if (why.textContent !== words) why.textContent = words;
    setTimeout(tell, TELL_MILLISECONDS);
  };
  setTimeout(tell, LONG_MILLISECONDS);
  return element;
}

export function empty(title, ...what) {
  return h(
    "div",
    { class: "state" },
    h("h2", {}, title),
    what.map((part) => (typeof part === "string" ? h("p", {}, part) : part)),
  );
}

/** A problem of the API in words, with a way to try again; where the service did not answer, it is tried again once it does. */
export function problem(error, retry) {
  const element = h(
    "div",
    { class: "state problem", role: "alert" },
    h("h2", {}, error.title ?? "Something went wrong in this page"),
    h("p", {}, error.words ?? String(error.message ?? error)),
    error.requestId && h("p", { class: "small soft" }, "Request ", h("code", {}, error.requestId)),
    retry && h("button", { type: "button", onclick: retry }, "Try again"),
  );
  if (retry && error.status === 0) {
    const stop = onReturn(() => {
      stop();
      return element.isConnected ? retry() : null;
    });
  }
  return element;
}

/** Show `loading`, then what `load` builds, or the problem with a way to try again. */
export async function show(element, load, text) {
  element.replaceChildren(loading(text));
  element.setAttribute("aria-busy", "true");
  try {
    const built = await load();
    fill(element, built);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!("status" in error)) console.error(error);
    element.replaceChildren(problem(error, () => show(element, load, text)));
  } finally {
    element.removeAttribute("aria-busy");
  }
}
