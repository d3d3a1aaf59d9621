// Passkeys: made and used by the browser's own dialog.

import { ApiProblem, api, problemOf } from "./api.js";

const SIGN_IN = "/login/passkey";
export const UNKNOWN = "This browser cannot use passkeys here. Bring it up to date, and open the service by its https address.";
const REASONS = {
  NotAllowedError: "Nothing was done: the browser's question was closed, or waited too long. Try again.",
  InvalidStateError: "This device has a passkey of yours already.",
  SecurityError: "Passkeys work only at the address that the service is set up for (PUBLIC_URL). Open it there.",
};

/** Whether this browser has passkeys, and takes and gives them as the service does. */
export const hasPasskeys = () =>
  "credentials" in navigator && typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON === "function" && typeof PublicKeyCredential.prototype.toJSON === "function";

/**
 * Make a passkey of whoever is signed in. Throws ApiProblem, or an Error whose message is for people.
 * @param {string} name
 * @param {{password?: string}} proof - the present password, where there is one
 */
export async function createPasskey(name, proof) {
  const { challenge, options } = await api.post("/auth/passkeys/options", proof);
  const credential = await asked(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }));
  return api.post("/auth/passkeys", { challenge, credential, name });
}

/** Begin a session by a passkey: the device says whose. Throws as `createPasskey`. */
export async function signInWithPasskey() {
  const { challenge, options } = await api.post("/auth/passkeys/login/options");
  const credential = await asked(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }));
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const answer = await fetch(SIGN_IN, { method: "POST", headers, body: JSON.stringify({ challenge, credential }), credentials: "same-origin" }).catch(() => {
    throw new ApiProblem(0);
  });
  if (!answer.ok) throw problemOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
}

/** What an authenticator answers, as JSON. @param {() => Promise<Credential | null>} ask */
async function asked(ask) {
  try {
    return /** @type {PublicKeyCredential} */ (await ask()).toJSON();
  } catch (error) {
    throw new Error(REASONS[error.name] ?? `The browser made no passkey: ${error.message}`);
  }
}
