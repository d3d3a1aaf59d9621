// The page of a spent budget: counts down to the time when it may be asked for again, and asks.

import { byId } from "../dom.js";
import { formatDuration } from "../format.js";

const again = byId("again");
const left = /** @type {HTMLElement} */ (again.querySelector("span"));
const until = Date.now() + 1000 * Number(again.dataset.seconds);

function count() {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  if (seconds <= 0) location.reload();
  else {
    left.textContent = formatDuration(seconds);
    setTimeout(count, 1000);
  }
}

count();
again.hidden = false;
