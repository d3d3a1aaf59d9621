// The button of the sign-in page that signs in by a passkey, where the browser has them.

import { byId, fill } from "../dom.js";
import { hasPasskeys, signInWithPasskey } from "../passkeys.js";

const place = byId("by-passkey");
const button = /** @type {HTMLButtonElement} */ (byId("passkey-sign-in"));

button.addEventListener("click", async () => {
  button.disabled = true;
  fill(byId("passkey-problem"));
  try {
    await signInWithPasskey();
    location.assign(place.dataset.next ?? "/");
  } catch (error) {
    fill(byId("passkey-problem"), error.words ?? error.message);
    button.disabled = false;
    button.focus();
  }
});
place.hidden = !hasPasskeys();
