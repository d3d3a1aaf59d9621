// Building the page from data: text is always text, never markup.

export { notify } from "./notices.js";

/**
 * An element. `props`: `class`, `on…` listeners, `dataset`, `style` (custom properties), and attributes; null and false are left out.
 * Children are nodes, strings and numbers; null and false are left out, arrays are flattened.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} props
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style") for (const [key, setting] of Object.entries(value)) element.style.setProperty(key, setting);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...nodes(children));
  return element;
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...nodes(children));
  return element;
}

/**
 * Put children in the place of all that an element holds.
 * @param {Element} element
 * @param {...any} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/**
 * The element with an id. Its type leaves out null: the templates hold what a page asks for, and where a part may be missing, it is asked for by `?.`.
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/** What has the focus, where that is in an element; null where it is not. */
export function focusedIn(element) {
  const focused = document.activeElement;
  return focused instanceof HTMLElement && element.contains(focused) ? focused : null;
}

/** Whether the focus was taken from what had it, as from a button that was disabled: nobody has gone on elsewhere. */
export function isFocusLost() {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The token that every request with an effect carries. */
export function csrfToken() {
  const meta = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="csrf-token"]'));
  return meta.content;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
