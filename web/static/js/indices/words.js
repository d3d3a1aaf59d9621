// What the rules of an index are called.

import { formatPercent } from "../format.js";

export const METHODS = /** @type {[value: string, name: string][]} */ ([
  ["equal", "the number of members: all the same"],
  ["inverse_volatility", "calm: one over the volatility"],
  ["equal_risk", "risk: each has the same part of it"],
  ["momentum", "momentum of the last year"],
  ["score", "the score of the strategy Balanced"],
]);
const OTHERS = new Map([
  ["cap", "market capitalisation"],
  ["custom", "weights by hand"],
  ["blend", "a blend"],
]);
export const REBALANCES = /** @type {[value: string, name: string][]} */ ([
  ["daily", "every day"],
  ["weekly", "every week"],
  ["monthly", "every month"],
  ["quarterly", "every quarter"],
]);

const nameIn = (names, value) => names.find(([known]) => known === value)?.[1] ?? value.replaceAll("_", " ");

/** The rules in a sentence. */
export function rulesInWords({ members, weighting, rebalance, single_cap: cap, group_cap: group, base, currency }) {
  const who = members.universe ? `the universe ${members.universe}` : members.tickers.join(", ");
  const screen = members.screen ? `, while ${members.screen.strategy} says ${members.screen.verdicts.join(" or ")}` : "";
  const method = OTHERS.get(weighting.method) ?? nameIn(METHODS, weighting.method);
  const caps = [cap && `no member above ${formatPercent(100 * cap).replace("+", "")}`, group && `no group above ${formatPercent(100 * group).replace("+", "")}`].filter(Boolean);
  const unit = currency ? `, in ${currency}` : "";
  return `Members: ${who}${screen}. Weights follow ${method}${caps.length ? `, ${caps.join(", ")}` : ""}; they are set anew ${nameIn(REBALANCES, rebalance)}. It began at ${base}${unit}.`;
}

const KINDS = new Map([
  ["start", "Beginning"],
  ["rebalancing", "Rebalancing"],
  ["removal", "Removal"],
  ["skipped", "Left as it is"],
]);
export const kindName = (kind) => KINDS.get(kind) ?? kind;
