// The bell of every page: how many alerts are unread. It asks once a minute while the page is seen, and says nothing of its own troubles.

import { byId } from "./dom.js";
import { organizationOfPage, sessionNow, tellOtherOrganization } from "./session.js";

const LOOK_MILLISECONDS = 60000;
const MOST = 99; // shown; more are "99+"

let tag = "";
let asking = false;
let endedWith = -1; // the sign-in that has ended; it asks again after another

/** Ask how many alerts are unread. It is no use of the session that a person makes, so what fails is not told. */
export async function lookAtBell() {
  const bell = document.getElementById("bell");
  if (!bell || asking || endedWith === sessionNow()) return;
  asking = true;
  try {
    const usedBy = sessionNow();
    const headers = { "X-Organization": organizationOfPage(), ...(tag && { "If-None-Match": tag }) };
    const answer = await fetch("/api/v1/alerts/unread-count", { headers, credentials: "same-origin" });
    if (answer.status === 401) endedWith = usedBy;
    if (answer.status === 409) tellOtherOrganization();
    if (!answer.ok) return;
    tag = answer.headers.get("ETag") ?? "";
    const { unread } = await answer.json();
    ring(bell, unread);
  } catch {
    // The next look may find the service.
  } finally {
    asking = false;
  }
}

function ring(bell, unread) {
  const number = byId("bell-number");
  number.textContent = unread > MOST ? `${MOST}+` : String(unread);
  number.hidden = unread === 0;
  const words = unread === 0 ? "Alerts" : `Alerts, ${unread > MOST ? `more than ${MOST}` : unread} unread`;
  bell.setAttribute("aria-label", words);
  bell.title = words;
}

export function wireBell() {
  const look = () => document.visibilityState === "visible" && lookAtBell();
  look();
  setInterval(look, LOOK_MILLISECONDS);
  document.addEventListener("visibilitychange", look);
}
