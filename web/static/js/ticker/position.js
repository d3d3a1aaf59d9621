// How many shares: the same arithmetic, in the same order, as the service's, so that both give the same numbers.

export const DEFAULT_CAPITAL = 100000;
export const DEFAULT_RISK_PERCENT = 2;
const LARGEST_CAPITAL = 1e12;

/** What is wrong with the sizing, as {field: message}; empty when nothing is. The limits are the API's. */
export function sizingProblems({ capital, riskPercent, capPercent }) {
  const problems = {};
  if (!(capital > 0 && capital <= LARGEST_CAPITAL)) problems.capital = "An amount above 0, at most 1,000,000,000,000.";
  if (!(riskPercent > 0 && riskPercent <= 100)) problems.riskPercent = "Above 0, at most 100.";
  if (!(capPercent > 0 && capPercent <= 100)) problems.capPercent = "Above 0, at most 100.";
  return problems;
}

/**
 * As many whole shares as both the risk and the cap, in percent of the capital, allow; `limit` says which of the two was the tighter.
 * A stop that is not below the entry (a SELL) gives no shares.
 */
export function sizePosition({ entry, stopLoss }, { capital, riskPercent, capPercent }) {
  const distance = entry - stopLoss;
  if (!(distance > 0)) return { shares: 0, positionValue: 0, riskAmount: 0, limit: null };
  const byRisk = (capital * riskPercent) / 100 / distance;
  const byCap = (capital * capPercent) / 100 / entry;
  const shares = Math.floor(Math.min(byRisk, byCap));
  return { shares, positionValue: shares * entry, riskAmount: shares * distance, limit: byRisk <= byCap ? "risk" : "cap" };
}
