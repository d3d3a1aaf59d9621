// Trying an integration: the installation's by its own test, a channel by a message whose delivery is followed.

import { api } from "../api.js";
import { deliveryWords, followDelivery } from "../channels/following.js";
import { formatDuration, formatWhole } from "../format.js";

const BASE = "/api/v1";

/**
 * What came of a test. `ok` is null where it could not be made.
 * @typedef {{ok: boolean | null, words: string, steps: {name: string, ok: boolean, seconds: number}[]}} Outcome
 */

/** Try one. @param {any} item @param {Record<string, string>} wish @returns {Promise<Outcome>} */
export async function tried({ kind, test }, wish) {
  const path = test.slice(BASE.length);
  try {
    return kind === "channel" ? await byMessage(path) : await byTest(path, wish);
  } catch (error) {
    return { ok: null, words: `It was not tested. ${error.words ?? error.message}`, steps: [] };
  }
}

async function byTest(path, wish) {
  const query = new URLSearchParams(wish);
  const { ok, detail, seconds, steps } = await api.post(query.size ? `${path}?${query}` : path);
  return { ok, words: `${ok ? "It works" : "It does not work"} (${took(seconds)}). ${detail}`, steps };
}

async function byMessage(path) {
  const { id } = await api.post(path);
  const found = await followDelivery(id);
  return { ok: found.status === "delivered", words: `The test message ${deliveryWords(found)}`, steps: [] };
}

/** A time in words. @param {number} seconds */
export const took = (seconds) => (seconds < 1 ? `${formatWhole(seconds * 1000)} ms` : formatDuration(seconds));
