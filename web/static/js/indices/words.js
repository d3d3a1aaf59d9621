// What the rules of an index are called.

import { formatPercent, numbers } from "../format.js";
import { strategyName } from "../strategies.js";

const YEAR = 252; // trading days, which are looked back unless somebody says otherwise
const LOOKING_BACK = new Set(["inverse_volatility", "equal_risk", "momentum"]);
const formatExactly = numbers({ maximumFractionDigits: 4 }).format;

export const METHODS = /** @type {[value: string, name: string][]} */ ([
  ["equal", "the number of members: all the same"],
  ["inverse_volatility", "calm: one over the volatility"],
  ["equal_risk", "risk: each has the same part of it"],
  ["momentum", "momentum of the last year"],
  ["score", "the score of a strategy"],
  ["cap", "market capitalisation, by shares that you give"],
  ["custom", "weights that you give"],
  ["blend", "a blend of several of these"],
]);
export const REBALANCES = /** @type {[value: string, name: string][]} */ ([
  ["daily", "every day"],
  ["weekly", "every week"],
  ["monthly", "every month"],
  ["quarterly", "every quarter"],
]);

const nameIn = (names, value) => names.find(([known]) => known === value)?.[1] ?? value.replaceAll("_", " ");

/** What weights follow, with what tells it from the usual. */
function methodInWords({ method, lookback, strategy, parts }) {
  if (method === "blend") return `a blend of ${parts.map((part) => `${methodInWords(part)} (${formatExactly(part.share)})`).join(", ")}`;
  if (method === "score") return `the score of the strategy ${strategyName(strategy)}`;
  if (method === "custom") return "given weights";
  if (method === "cap") return "market capitalisation";
  const over = LOOKING_BACK.has(method) && lookback !== YEAR ? ` (over ${lookback} trading days)` : "";
  return nameIn(METHODS, method) + over;
}

/** @param {string} universe @param {(reference: string) => string} nameOf */
function universeInWords(universe, nameOf) {
  const [family, id] = universe.split(":");
  if (universe === "all") return "every ticker with prices";
  if (family === "portfolio") return `what the portfolio ${nameOf(id)} holds`;
  return family === "watchlist" ? (id ? "a watch list" : "the watchlist") : `the universe ${universe}`;
}

/**
 * The rules in a sentence.
 * @param {any} rules
 * @param {(reference: string) => string} nameOf - of a portfolio, by its id
 */
export function rulesInWords({ members, weighting, rebalance, single_cap: cap, group_cap: group, base, currency }, nameOf) {
  const who = members.universe ? universeInWords(members.universe, nameOf) : members.tickers.join(", ");
  const screen = members.screen ? `, while ${strategyName(members.screen.strategy)} says ${members.screen.verdicts.join(" or ")}` : "";
  const method = methodInWords(weighting);
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
