// A notice with a way back.

import { notify } from "./notices.js";

/** Say what was done, and offer to undo it. */
export function offerUndo(text, undo) {
  notify(text, { action: { label: "Undo", act: undo } });
}
