// What stands where there is nothing to show: loading, empty, a problem. Each says what to do.

import { h } from "./dom.js";

export function loading(text = "Loading …") {
  return h("div", { class: "state", role: "status" }, h("div", { class: "spinner", "aria-hidden": "true" }), text);
}

export function empty(title, ...what) {
  return h(
    "div",
    { class: "state" },
    h("h2", {}, title),
    what.map((part) => (typeof part === "string" ? h("p", {}, part) : part)),
  );
}

/** A problem of the API in words, with a way to try again. */
export function problem(error, retry) {
  return h(
    "div",
    { class: "state problem", role: "alert" },
    h("h2", {}, error.title ?? "Something went wrong in this page"),
    h("p", {}, error.words ?? String(error.message ?? error)),
    error.requestId && h("p", { class: "small soft" }, "Request ", h("code", {}, error.requestId)),
    retry && h("button", { type: "button", onclick: retry }, "Try again"),
  );
}

/** Show `loading`, then what `load` builds, or the problem with a way to try again. */
export async function show(element, load, text) {
  element.replaceChildren(loading(text));
  element.setAttribute("aria-busy", "true");
  try {
    const built = await load();
    element.replaceChildren(...[built].flat());
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!("status" in error)) console.error(error);
    element.replaceChildren(problem(error, () => show(element, load, text)));
  } finally {
    element.removeAttribute("aria-busy");
  }
}
