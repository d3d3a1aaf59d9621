// One message on its way: what became of it, in words, and waiting for that.

import { api } from "../api.js";
import { formatDuration, formatMoment, formatWhole } from "../format.js";

const LOOK_MILLISECONDS = 400; // between looks at a message that is being sent
const MOST_LOOKS = 150;

/** How long an attempt took. */
export const tookWords = (ms) => (ms < 1000 ? `${formatWhole(ms)} ms` : formatDuration(ms / 1000));

/** What became of a delivery, as the end of a sentence that begins with the message. */
export function deliveryWords({ status: state, reason, next_at: next, attempts }) {
  const last = attempts.at(-1);
  if (state === "delivered") return last ? `arrived${last.code ? `: the receiver answered ${last.code}` : ""} after ${tookWords(last.ms)}.` : "arrived.";
  const why = last?.error ?? reason ?? "";
  if (state === "failed") return `was given up. ${why}`.trim();
  if (state === "disabled") return `was not sent. ${reason ?? ""}`.trim();
  if (state === "pending" && last) return `did not arrive. ${why} ${next ? `It is tried again ${formatMoment(next)}.` : ""}`.trim();
  if (state === "pending") return `waits. ${reason ?? ""}`.trim();
  return "has not been sent yet. Look at the deliveries again in a while.";
}

/** A delivery once an attempt after those `before` has ended, or it has itself; after a minute as it is. An attempt is told before its outcome. */
export async function followDelivery(id, before = 0) {
  for (let looks = 0; ; looks += 1) {
    const found = await api.get(`/deliveries/${id}`);
    const isTried = found.attempts.length > before && found.status !== "sending";
    if (isTried || ["failed", "disabled"].includes(found.status) || looks >= MOST_LOOKS) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
}
