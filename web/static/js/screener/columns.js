// The columns that the screener can show: what each is called, is sorted by, and says of a result.

import { h } from "../dom.js";
import { formatCompact, formatDay, formatPercent, formatPrice, formatScore, formatWhole, numbers } from "../format.js";
import { freshnessBadge } from "../freshness.js";
import { ago } from "../moments.js";
import { strategyName } from "../strategies.js";
import { supersededBadge } from "../superseded.js";
import { tickerAddress } from "../tickers.js";
import { scoreBar, sparkline, verdictBadge } from "../widgets.js";

/**
 * @typedef {object} Column
 * @property {string} key - as the API names and sorts it
 * @property {string} title
 * @property {string} group
 * @property {string} [type] - "number" for a column of numbers
 * @property {boolean} [rises] - whether it is looked at from the smallest up
 * @property {(result: any) => any} cell
 */

const INDICATORS = [
  ["rsi", "RSI"],
  ["stochastic", "Stochastic"],
  ["cci", "CCI"],
  ["williams_r", "Williams %R"],
  ["macd", "MACD"],
  ["adx", "ADX"],
  ["psar", "Parabolic SAR"],
  ["ema_cross", "EMA 50/200"],
  ["bollinger", "Bollinger"],
  ["atr", "ATR"],
  ["obv", "OBV"],
  ["cmf", "CMF"],
];
/** What an indicator can say, as the API's filter has it. @type {Record<string, string>} */
export const VOTES = { buy: "Buy", neutral: "Neutral", sell: "Sell" };
/** @type {Record<string, [name: string, tone: string]>} */
const VOTE_WORDS = { 1: [VOTES.buy, "up"], 0: [VOTES.neutral, "soft"], "-1": [VOTES.sell, "down"] };
/** The indicators that vote, with their names: the ATR does not. */
export const VOTING = INDICATORS.filter(([key]) => key !== "atr");

const NONE = "–";
const exactShare = numbers({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const points = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
const oneDecimal = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
// The plan of a Sell is that of a short sale, which only its own page tells.
const price = (key) => (result) => (result.signal === "SELL" ? NONE : formatPrice(result[key]));
// As it is shown: what rounds to nothing is neither up nor down.
const toneOf = (change) => (change === null || Math.abs(change) < 0.005 ? "" : change > 0 ? "up" : "down");
const toned = (change, text) => h("span", { class: toneOf(change) }, text);

function closeCell(result) {
  const hasNewer = result.last_day !== null && result.last_day > result.as_of;
  return [
    h("div", {}, formatPrice(result.close)),
    h("div", { class: "small soft" }, formatDay(result.as_of)),
    h("div", {}, freshnessBadge(result.freshness, result.last_day)),
    hasNewer && h("div", { class: "small" }, h("span", { class: "badge warn" }, "Newer prices"), h("span", { class: "visually-hidden" }, ` up to ${formatDay(result.last_day)}`)),
  ];
}

function formerCell({ former_verdict: former, verdict_since: since, previous_score: score }) {
  if (!former) return h("span", { class: "soft" }, score === null ? "First analysis" : "Unchanged");
  return h("span", {}, "Was ", verdictBadge(former), h("div", { class: "small soft" }, "until ", ago(since)));
}

function closesCell(result) {
  if (!result.closes?.length) return NONE;
  return [sparkline(result.closes, { width: 80, height: 24 }), result.month_percent !== null && h("div", { class: "small" }, toned(result.month_percent, formatPercent(result.month_percent)))];
}

function distanceCell({ distance_percent: distance, signal }) {
  if (distance === null || signal === "SELL") return h("span", { class: "soft" }, "No plan");
  const where = Math.abs(distance) < 0.005 ? "at the close" : distance < 0 ? "below the close" : "above the close";
  return [h("div", {}, formatPercent(distance)), h("div", { class: "small soft" }, where)];
}

/** A number of a verdict's record, which a Hold and a short history have not. */
const recorded = (value, format) => (value === null || value === undefined ? h("span", { class: "soft" }, "None") : format(value));

function voteCell(vote) {
  if (vote === null || vote === undefined) return h("span", { class: "soft" }, "No data");
  const [word, tone] = VOTE_WORDS[vote];
  return h("span", { class: tone }, word);
}

/** @type {Column[]} */
export const COLUMNS = [
  { key: "name", title: "Name", group: "Ticker", rises: true, cell: ({ name }) => h("span", { class: "company" }, name ?? NONE) },
  { key: "verdict", title: "Verdict", group: "Verdict", cell: ({ verdict, superseded }) => [verdictBadge(verdict), superseded && [" ", supersededBadge()]] },
  {
    key: "score",
    title: "Score",
    group: "Verdict",
    cell: ({ score, verdict }) => h("div", { class: "score" }, h("span", { class: "number" }, formatScore(score)), scoreBar(score, verdict)),
  },
  { key: "former_verdict", title: "Before", group: "Verdict", cell: formerCell },
  {
    key: "move",
    title: "Score change",
    group: "Verdict",
    type: "number",
    cell: ({ score, previous_score: before }) => (before === null ? NONE : toned(score - before, formatScore(score - before))),
  },
  { key: "close", title: "Close", group: "Prices", type: "number", cell: closeCell },
  { key: "change_percent", title: "Day change", group: "Prices", type: "number", cell: ({ change_percent: change }) => toned(change, formatPercent(change)) },
  { key: "volume", title: "Volume", group: "Prices", type: "number", cell: ({ volume }) => formatCompact(volume) },
  { key: "closes", title: "Last 21 closes", group: "Prices", cell: closesCell },
  { key: "rsi", title: "RSI 14", group: "Indicators", type: "number", cell: ({ rsi }) => (rsi === null ? NONE : oneDecimal.format(rsi)) },
  { key: "distance_percent", title: "Distance to the entry", group: "Plan", type: "number", cell: distanceCell },
  { key: "entry", title: "Entry", group: "Plan", type: "number", cell: price("entry") },
  { key: "stop_loss", title: "Stop", group: "Plan", type: "number", cell: price("stop_loss") },
  { key: "target", title: "Target", group: "Plan", type: "number", cell: price("target") },
  { key: "strategy", title: "Strategy", group: "Verdict", rises: true, cell: ({ strategy }) => strategyName(strategy) },
  { key: "as_of", title: "As of", group: "Verdict", cell: ({ as_of: day }) => formatDay(day) },
  { key: "analysed_at", title: "Analysed", group: "Verdict", cell: ({ analysed_at: moment }) => ago(moment) },
  {
    key: "record_hit",
    title: "Right after 20 days",
    group: "Record of the verdict",
    type: "number",
    cell: ({ record_hit: hit, ticker, strategy }) => recorded(hit, () => h("a", { href: tickerAddress(ticker, strategy, "record") }, exactShare.format(hit))),
  },
  {
    key: "record_lift",
    title: "Beyond any day, points",
    group: "Record of the verdict",
    type: "number",
    cell: ({ record_lift: lift }) => recorded(lift, () => toned(100 * lift, points.format(100 * lift))),
  },
  { key: "record_n", title: "Days of the record", group: "Record of the verdict", type: "number", cell: ({ record_n: days }) => recorded(days, formatWhole) },
  .../** @type {Column[]} */ (VOTING.map(([key, title]) => ({ key: `vote_${key}`, title: `${title} vote`, group: "Votes of indicators", cell: ({ votes }) => voteCell(votes[key]) }))),
];
export const GROUPS = ["Ticker", "Verdict", "Prices", "Plan", "Record of the verdict", "Indicators", "Votes of indicators"];
const DEFAULT_KEYS = ["name", "verdict", "score", "former_verdict", "close", "change_percent", "closes", "rsi", "distance_percent", "analysed_at"];

const MEMORY = "bellwether.screener.columns";
const byKey = new Map(COLUMNS.map((column) => [column.key, column]));

/** The columns that a text names, in the order of all columns; those that are not known are left out. @param {string} text @returns {Column[]} */
export function columnsOf(text) {
  const named = new Set(text.split(","));
  return COLUMNS.filter(({ key }) => named.has(key));
}

export const DEFAULT_COLUMNS = DEFAULT_KEYS.join(",");

/** The columns that this browser showed last. */
export function rememberedColumns() {
  try {
    const known = (localStorage.getItem(MEMORY) ?? "").split(",").filter((key) => byKey.has(key));
    return known.join(",") || DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS; // this browser keeps nothing for pages
  }
}

/** Keep the chosen columns for the next visit. @param {string} text */
export function rememberColumns(text) {
  try {
    localStorage.setItem(MEMORY, text);
  } catch {
    // This browser keeps nothing for pages: the address still has them.
  }
}

/** The order that a press on a heading asks for: the column's own first, then the other way. @param {string} key @param {string} sort */
export function nextSort(key, sort) {
  if (sort.replace(/^-/, "") === key) return sort.startsWith("-") ? key : `-${key}`;
  return key === "ticker" || byKey.get(key)?.rises ? key : `-${key}`;
}
