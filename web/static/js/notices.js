// Short messages in the corner, read out by screen readers. Each can be closed; it stays while somebody points at it or has the focus in it.

const MOST = 3;
const SHOWN_MILLISECONDS = 6000;
const PROBLEM_MILLISECONDS = 15000;
const ACTION_MILLISECONDS = 15000;

/** @type {Map<Element, () => void>} */
const closers = new Map();

/**
 * Show a message. The same text stands there once; of more than three the oldest goes. Problems, and those with something to press, stay longer.
 * Returns a function that closes it.
 * @param {string} text
 * @param {{problem?: boolean, action?: {label: string, act: () => void} | null}} [options]
 */
export function notify(text, { problem = false, action = null } = {}) {
  const area = /** @type {HTMLElement} */ (document.getElementById("notices"));
  for (const shown of [...area.children]) if (/** @type {HTMLElement} */ (shown).dataset.text === text) closers.get(shown)?.();
  while (area.children.length >= MOST) closers.get(area.children[0])?.();

  const notice = document.createElement("div");
  notice.className = problem ? "notice problem" : "notice";
  notice.dataset.text = text;
  const words = document.createElement("span");
  words.textContent = text;
  notice.append(words);
  /** @type {number | undefined} */
  let timer;
  const hold = () => clearTimeout(timer);
  const close = () => {
    hold();
    closers.delete(notice);
    notice.remove();
  };
  const wait = () => {
    hold();
    timer = setTimeout(close, action ? ACTION_MILLISECONDS : problem ? PROBLEM_MILLISECONDS : SHOWN_MILLISECONDS);
  };
  if (action) {
    notice.append(
      button(action.label, "notice-action", () => {
        close();
        action.act();
      }),
    );
  }
  notice.append(button("×", "quiet notice-close", close, `Close: ${text}`));
  for (const [name, listener] of /** @type {[string, () => void][]} */ ([
    ["mouseenter", hold],
    ["mouseleave", wait],
    ["focusin", hold],
    ["focusout", wait],
  ]))
    notice.addEventListener(name, listener);
  closers.set(notice, close);
  area.append(notice);
  wait();
  return close;
}

function button(label, style, act, name = label) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = style;
  made.textContent = label;
  made.setAttribute("aria-label", name);
  made.addEventListener("click", act);
  return made;
}
