// A notice with a way back.

import { byId, h } from "./dom.js";

const SHOWN_MILLISECONDS = 15000;

/** Say what was done, and offer to undo it; the offer stays while somebody points at it or has the focus on it. */
export function offerUndo(text, undo) {
  /** @type {number | undefined} */
  let timer;
  const close = () => notice.remove();
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(close, SHOWN_MILLISECONDS);
  };
  const hold = () => clearTimeout(timer);
  const act = () => {
    hold();
    close();
    undo();
  };
  const notice = h(
    "div",
    { class: "notice spread", onmouseenter: hold, onmouseleave: wait, onfocusin: hold, onfocusout: wait },
    h("span", {}, text),
    h("button", { type: "button", onclick: act }, "Undo"),
  );
  byId("notices").append(notice);
  wait();
}
