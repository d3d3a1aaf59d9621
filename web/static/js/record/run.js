// The backtest that the page shows: run once for the same order, whether its card or the chart asks.

import { api } from "../api.js";

/** @typedef {{cost_bp: number, slippage_bp: number, side: string, stops: boolean, start: string | null, end: string | null}} Rules */

/** @type {Rules} */
export const USUAL = { cost_bp: 20, slippage_bp: 0, side: "long", stops: true, start: null, end: null };

let rules = USUAL; // of the newest run
let key = "";
/** @type {Promise<any> | null} */
let asked = null;
/** @type {any} */
let newest = null;
/** @type {Set<(backtest: any) => void>} */
const listeners = new Set();

export const presentRules = () => rules;

/** The newest backtest, where it is of a strategy; else null. @param {string} strategy */
export const newestOf = (strategy) => (newest?.strategy === strategy ? newest : null);

/** Hear of each backtest that is run. @param {(backtest: any) => void} listener */
export const onBacktest = (listener) => listeners.add(listener);

/** Run a backtest, or find the one of the same order. @param {string} ticker @param {string} strategy @param {Rules} [wanted] @returns {Promise<any>} */
export function backtest(ticker, strategy, wanted = rules) {
  const order = { ticker, strategy, ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null)) };
  const own = JSON.stringify(order);
  rules = wanted;
  if (asked !== null && key === own) return asked;
  key = own;
  const mine = api.ask("/backtests", order).then(
    (answer) => {
      if (asked === mine) {
        newest = answer;
        for (const listener of listeners) listener(answer);
      }
      return answer;
    },
    (error) => {
      if (asked === mine) asked = null;
      throw error;
    },
  );
  asked = mine;
  return mine;
}

/** Forget what was run: the prices may be others. */
export function forget() {
  asked = null;
  newest = null;
}
