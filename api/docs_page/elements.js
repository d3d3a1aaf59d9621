// Building the page: text is always text, never markup.

/**
 * An element with attributes (`on…` are listeners; null and false are left out) and children (null and false are left out, arrays are flattened).
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} attributes
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Text with `code` in backquotes, as descriptions have it. @param {string | undefined} text */
export const prose = (text = "") => text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));

/** Code that scrolls by itself where it is too wide, by keyboard, too. @param {string} label @param {string} text */
export const code = (label, text) => h("pre", { tabindex: "0", role: "group", "aria-label": label }, h("code", {}, text));

/** A part that is built when it is opened first. @param {any} title @param {() => any} build @param {Record<string, any>} attributes */
export function folded(title, build, attributes = {}) {
  let isBuilt = false;
  const element = h("details", attributes, h("summary", {}, title));
  element.addEventListener("toggle", () => {
    if (!element.open || isBuilt) return;
    isBuilt = true;
    element.append(...[build()].flat(Infinity).filter(Boolean));
  });
  return element;
}
