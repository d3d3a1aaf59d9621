// The result that a ticker's page shows: a new analysis, or where there can be none now, the newest stored one.

import { ApiProblem, api } from "../api.js";
import { isViewer } from "../session.js";

const STORED_INSTEAD = new Set(["forbidden", "feature_disabled", "rate_limited"]); // the codes of refusals that say nothing of the ticker

/**
 * Analyse a ticker. With a refusal, the answer is the newest stored result; where none is stored, the refusal is thrown.
 * @param {string} ticker @param {string} strategy @param {AbortSignal} signal
 * @returns {Promise<{answer: any, refusal: any}>}
 */
export async function analysed(ticker, strategy, signal) {
  let refusal = isViewer() ? new ApiProblem(403, { code: "forbidden", title: "There is no result yet", detail: "Nobody has analysed it by this strategy; analysts and administrators do." }) : null;
  if (refusal === null)
    try {
      return { answer: await api.post("/analyze", { ticker, strategy }, { signal }), refusal };
    } catch (error) {
      if (!STORED_INSTEAD.has(error.code)) throw error;
      refusal = error;
    }
  const { items } = await api.get(`/history/${encodeURIComponent(ticker)}`, { strategy, limit: 1 }, { signal });
  if (items.length === 0) throw refusal;
  return { answer: await api.get(`/results/${encodeURIComponent(items[0].id)}`, {}, { signal }), refusal };
}
