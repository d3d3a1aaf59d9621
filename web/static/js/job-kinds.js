// What is said of jobs of each kind: what their items are, what was asked for, and what came of an item. A kind that these pages do not know is
// told by the names that its fields have.

import { h } from "./dom.js";
import { formatCount, formatDay, formatMoment, formatPrice, formatScore, formatWhole } from "./format.js";
import { differenceWords } from "./price-checks.js";
import { aboutReport } from "./report-words.js";
import { strategyName } from "./strategies.js";
import { tickerAddress } from "./tickers.js";
import { scoreBar, verdictBadge } from "./widgets.js";
import { badge } from "./words.js";

/**
 * @typedef {object} Kind
 * @property {[one: string, many: string]} noun - of its items
 * @property {(job: any) => string} done - what happened to an item that succeeded
 * @property {boolean} hasReport - whether there is an Excel file of its outcomes
 * @property {string} [changed] - what is said of the items that changed; "changed" by default
 * @property {string} outcomes - what its outcomes are called
 * @property {(job: any) => string} describe - what a job works on
 * @property {(params: any) => [name: string, value: any][]} facts - what was asked for
 * @property {(item: any, job: any) => string} address - of an item's page; "" without one
 * @property {(item: any) => any} outcome - of an item that succeeded
 */

/** Whether a universe is one of the watch lists beside the default one. */
const isList = (universe) => Boolean(universe?.startsWith("watchlist:"));
const isPortfolio = (universe) => Boolean(universe?.startsWith("portfolio:"));
const has = (value) => value !== null && value !== undefined;
const words = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** A value of a field that these pages do not know. */
function plain(value) {
  if (typeof value === "number") return Number.isInteger(value) ? formatWhole(value) : String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([key, entry]) => `${words(key)} ${plain(entry)}`)
      .join(", ");
  return String(value);
}

/** @type {[key: string, name: string, format: (value: any) => string][]} */
const ANALYSIS_PARAMS = [
  ["strategy", "Strategy", strategyName],
  ["capital", "Capital", formatWhole],
  ["risk_percent", "Risk per trade", (value) => `${value}%`],
  ["max_position_percent", "Largest position", (value) => `${value}% of the capital`],
  ["reward_risk", "Reward for each unit of risk", String],
  ["weights", "Weights", plain],
  ["indicators", "Indicators", plain],
  ["as_of", "As of", formatDay],
];

/** @type {Record<string, Kind>} */
const KINDS = {
  bulk_analysis: {
    noun: ["ticker", "tickers"],
    done: () => "analysed",
    hasReport: true,
    outcomes: "Verdict",
    describe: ({ params, total, retry_of: retried }) => {
      const count = formatCount(total, "ticker", "tickers");
      const rest = `${retried ? ", failed ones again" : ""}, ${strategyName(params.strategy)}`;
      if (params.refresh) return `Refresh and analyse ${tickersOf(params.universe, count)}${rest}`;
      const what =
        { all: `All ${count}`, watchlist: `Watchlist (${count})` }[params.universe] ??
        (isList(params.universe) ? `Watch list (${count})` : isPortfolio(params.universe) ? `Portfolio (${count})` : tickersOf(params.universe, count));
      return `${what}${rest}`;
    },
    facts: (params) => [
      ...(params.refresh ? [/** @type {[string, string]} */ (["Prices", "brought up to date before each analysis"])] : []),
      ...ANALYSIS_PARAMS.filter(([key]) => has(params[key])).map(([key, name, format]) => /** @type {[string, string]} */ ([name, format(params[key])])),
    ],
    address: ({ key }, { params }) => tickerAddress(key, params.strategy),
    outcome: ({ outcome, changed, facts }) =>
      outcome && [
        h(
          "div",
          { class: "row verdict-outcome" },
          verdictBadge(outcome),
          changed && has(facts?.was) && h("strong", {}, `was ${facts.was}`),
          changed === false && h("span", { class: "soft" }, "unchanged"),
        ),
        has(facts?.score) &&
          h(
            "div",
            { class: "row" },
            scoreBar(facts.score, outcome),
            h("span", {}, formatScore(facts.score)),
            has(facts.close) && h("span", { class: "soft" }, `close ${formatPrice(facts.close)}${facts.as_of ? ` of ${formatDay(facts.as_of)}` : ""}`),
          ),
        facts?.refresh?.error && h("div", { class: "small" }, h("span", { class: "badge warn" }, "Not refreshed"), ` ${facts.refresh.error}`),
      ],
  },
};

KINDS.price_import = {
  noun: ["ticker", "tickers"],
  done: ({ params }) => (params.dry_run ? "checked" : "stored"),
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ params, total, retry_of: retried }) => `Prices of ${formatCount(total, "ticker", "tickers")}${retried ? ", failed ones again" : ""}, ${params.dry_run ? "check" : "import"}`,
  facts: (params) => [
    ...(params.dry_run ? [] : [/** @type {[string, string]} */ (["Stored prices", params.extend === true ? "extended" : params.extend === false ? "replaced" : "extended where that is possible"])]),
    ...(params.on_bad_rows === "drop" ? [/** @type {[string, string]} */ (["Bad rows", "left out"])] : []),
  ],
  address: ({ key }) => `/prices?ticker=${encodeURIComponent(key)}`,
  outcome: ({ outcome, facts }) =>
    outcome && [
      h("span", { class: "badge good" }, outcome),
      facts && ` ${formatCount(facts.bars, "bar", "bars")}, ${formatDay(facts.first)} to ${formatDay(facts.last)}`,
      facts?.dropped > 0 && `, ${formatCount(facts.dropped, "row", "rows")} left out`,
      facts?.warnings > 0 && [" ", h("span", { class: "badge warn" }, formatCount(facts.warnings, "warning", "warnings"))],
    ],
};

/** Tickers within a sentence: "all 500 tickers", "the watchlist (3 tickers)", "3 tickers". */
function tickersOf(universe, count) {
  return (
    { all: `all ${count}`, watchlist: `the watchlist (${count})` }[universe] ??
    (isList(universe) ? `a watch list (${count})` : isPortfolio(universe) ? `a portfolio (${count})` : universe ? `${universe} (${count})` : count)
  );
}

/** @type {Record<string, string>} */
const REFRESHED = { New: "good", Extended: "good", Replaced: "busy" };

KINDS.price_refresh = {
  noun: ["ticker", "tickers"],
  done: () => "looked at",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ params, total, retry_of: retried }) => {
    return `Refresh of the prices of ${tickersOf(params.universe, formatCount(total, "ticker", "tickers"))}${retried ? ", failed ones again" : ""}`;
  },
  facts: (params) => [
    ...(params.force ? [/** @type {[string, string]} */ (["Providers are asked", "even where nothing newer can be expected"])] : []),
    ...(params.expected_at ? [/** @type {[string, string]} */ (["Expected end when it was queued", formatMoment(params.expected_at)])] : []),
  ],
  address: ({ key }) => tickerAddress(key),
  outcome: ({ outcome, facts }) =>
    outcome && [
      h("span", { class: `badge ${REFRESHED[outcome] ?? ""}`.trim() }, outcome),
      facts?.provisional && [" ", h("span", { class: "badge warn", title: "The newest bar was fetched before its day was over; the next refresh replaces it." }, "Provisional")],
      facts && ` ${refreshedWords(facts)}`,
      has(facts?.reason) && h("div", { class: "soft" }, `Whole history: ${facts.reason}`),
    ],
};

function refreshedWords({ provider, bars, last, added, changed }) {
  const parts = [
    added > 0 && `${formatCount(added, "new bar", "new bars")}`,
    changed > 0 && `${formatCount(changed, "bar", "bars")} changed`,
    `${formatCount(bars, "bar", "bars")} to ${formatDay(last)}`,
  ];
  return `${parts.filter(Boolean).join(", ")}${provider ? `, from ${provider}` : ""}`;
}

KINDS.price_check = {
  noun: ["ticker", "tickers"],
  done: () => "compared",
  hasReport: false,
  changed: "differ",
  outcomes: "Outcome",
  describe: ({ total, retry_of: retried }) => `Comparison of the prices of ${formatCount(total, "ticker", "tickers")} between providers${retried ? ", failed ones again" : ""}`,
  facts: () => [],
  address: ({ key }) => `/prices?ticker=${encodeURIComponent(key)}`,
  outcome: ({ outcome, facts }) => outcome && [badge("comparison", outcome === "Same" ? "same" : "differs"), facts && ` ${differenceWords(facts)}`],
};

KINDS.evidence = {
  noun: ["ticker", "tickers"],
  done: () => "counted",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ params, total, retry_of: retried }) => {
    return `Evidence over ${tickersOf(params.universe, formatCount(total, "ticker", "tickers"))}${retried ? ", failed ones again" : ""}, ${strategyName(params.strategy)}`;
  },
  facts: (params) => [
    ["Strategy", strategyName(params.strategy)],
    ["Horizons", `${params.horizons.join(", ")} days`],
    ["Cost of a round trip", `${params.cost_bp / 100}%`],
    ...(params.universe
      ? [/** @type {[string, any]} */ (["What came of it", h("a", { href: `/evidence?${new URLSearchParams({ universe: params.universe, strategy: params.strategy })}` }, "Evidence")])]
      : []),
  ],
  address: ({ key }, { params }) => tickerAddress(key, params.strategy, "record"),
  outcome: ({ outcome, facts }) =>
    outcome && [
      h("span", { class: `badge ${outcome === "Counted" ? "good" : "warn"}` }, outcome),
      facts &&
        (has(facts.days)
          ? ` ${formatCount(facts.days, "day", "days")} to ${formatDay(facts.last)}, ${facts.beat_hold ? "above" : "not above"} buying and holding`
          : ` ${formatCount(facts.bars, "bar", "bars")}`),
    ],
};

/** @type {[key: string, name: string, format: (value: any) => string][]} */
const BACKTEST_PARAMS = [
  ["side", "Trades", (side) => (side === "long" ? "rising prices only" : "rising and falling prices")],
  ["stops", "Stop and target", (stops) => (stops ? "count" : "do not count")],
  ["cost_bp", "Cost of a round trip", (points) => `${points / 100}%`],
  ["slippage_bp", "Slippage of a fill", (points) => `${points / 100}%`],
  ["start", "From", formatDay],
  ["end", "To", formatDay],
];

const percent = (fraction) => `${(100 * fraction).toFixed(1)}%`;

KINDS.backtest = {
  noun: ["ticker", "tickers"],
  done: () => "backtested",
  hasReport: false,
  outcomes: "Beside buy-and-hold",
  describe: ({ params, total, retry_of: retried }) =>
    `Backtest of ${tickersOf(params.universe, formatCount(total, "ticker", "tickers"))}${retried ? ", failed ones again" : ""}, ${strategyName(params.strategy)}`,
  facts: (params) => [...ANALYSIS_PARAMS, ...BACKTEST_PARAMS].filter(([key]) => has(params[key])).map(([key, name, format]) => /** @type {[string, string]} */ ([name, format(params[key])])),
  address: ({ key }, { params }) => tickerAddress(key, params.strategy, "record"),
  outcome: ({ outcome, facts }) =>
    outcome && [
      h("span", { class: outcome === "ahead" ? "badge good" : "badge" }, outcome),
      facts && ` ${percent(facts.total_return)}, buy-and-hold ${percent(facts.benchmark_return)}; ${formatCount(facts.trades, "trade", "trades")}`,
    ],
};

/** @type {(name: string) => Kind} */
const unknown = (name) => ({
  noun: ["item", "items"],
  done: () => "done",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ total, retry_of: retried }) => `${words(name)}: ${formatCount(total, "item", "items")}${retried ? ", failed ones again" : ""}`,
  facts: (params) =>
    Object.entries(params)
      .filter(([, value]) => has(value))
      .map(([key, value]) => [words(key), plain(value)]),
  address: () => "",
  outcome: ({ outcome, facts }) => [
    outcome && h("span", { class: "badge" }, outcome),
    facts &&
      h(
        "dl",
        { class: "pairs" },
        Object.entries(facts).map(([key, value]) => h("div", {}, h("dt", {}, words(key)), h("dd", {}, has(value) ? plain(value) : "–"))),
      ),
  ],
});

/** What is said of a kind of job. @returns {Kind} */
export const kindOf = (name) => KINDS[name] ?? unknown(name);

/** "1 ticker", "412 tickers": items of a job. */
export function countOf(job, number) {
  return formatCount(number, ...kindOf(job.kind).noun);
}

/** What is said of items that changed: "changed", of a comparison "differ". */
export const changedWord = (job) => kindOf(job.kind).changed ?? "changed";

/** The plural of what a job's items are: "tickers". */
export const itemsOf = (job) => kindOf(job.kind).noun[1];

KINDS.feeds = {
  noun: ["feed", "feeds"],
  done: () => "read",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ total, retry_of: retried }) => `Reading of ${formatCount(total, "feed", "feeds")}${retried ? ", failed ones again" : ""}`,
  facts: () => [],
  address: ({ key }) => `/news?feed=${encodeURIComponent(key)}`,
  outcome: ({ outcome, facts }) =>
    outcome && [h("span", { class: `badge ${outcome === "New items" ? "good" : ""}` }, outcome), facts?.items > 0 && ` ${formatCount(facts.items, "new item", "new items")}`],
};

KINDS.macro_fetch = {
  noun: ["series", "series"],
  done: () => "fetched",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ total, retry_of: retried }) => `Fetch of ${formatWhole(total)} macroeconomic series${retried ? ", failed ones again" : ""}`,
  facts: () => [],
  address: () => "/news",
  outcome: ({ outcome, facts }) => outcome && [h("span", { class: `badge ${outcome === "Changed" ? "good" : ""}` }, outcome), facts?.last && ` to ${formatDay(facts.last)}`],
};

KINDS.fx_fetch = {
  noun: ["file of rates", "files of rates"],
  done: () => "fetched",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ retry_of: retried }) => `Fetch of exchange rates${retried ? ", again" : ""}`,
  facts: () => [],
  address: () => "/integrations",
  outcome: ({ outcome, facts }) => outcome && [h("span", { class: `badge ${outcome === "Changed" ? "good" : ""}` }, outcome), facts?.last && ` to ${formatDay(facts.last)}`],
};

KINDS.index_rebalancing = {
  noun: ["index", "indexes"],
  done: () => "brought up to date",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ total, retry_of: retried }) => `Rebalancing of ${formatCount(total, "index", "indexes")}${retried ? ", failed ones again" : ""}`,
  facts: () => [],
  address: ({ key }) => `/indices?index=${encodeURIComponent(key)}`,
  outcome: ({ outcome, facts }) =>
    outcome && [
      facts?.name && `${facts.name}: `,
      h("span", { class: `badge ${outcome === "Unchanged" ? "" : "good"}`.trim() }, outcome),
      facts?.last && ` ${formatPrice(facts.level)} on ${formatDay(facts.last)}`,
    ],
};

KINDS.portfolio_valuation = {
  noun: ["portfolio", "portfolios"],
  done: () => "valued",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ total, retry_of: retried }) => `Valuation of ${formatCount(total, "portfolio", "portfolios")}${retried ? ", failed ones again" : ""}`,
  facts: () => [],
  address: ({ key }) => `/portfolios?id=${encodeURIComponent(key)}`,
  outcome: ({ outcome, facts }) =>
    outcome && [
      facts?.name && `${facts.name}: `,
      h("span", { class: `badge ${outcome === "Valued" ? "good" : ""}`.trim() }, outcome),
      facts?.last && ` ${formatPrice(facts.value)} ${facts.currency} on ${formatDay(facts.last)}`,
    ],
};

KINDS.imported_analysis = {
  noun: ["ticker", "tickers"],
  done: () => "analysed",
  hasReport: false,
  outcomes: "Verdict",
  describe: ({ total, retry_of: retried }) => `Analysis of ${formatCount(total, "ticker", "tickers")} by an earlier tool${retried ? ", failed ones again" : ""}`,
  facts: ({ job_id: id, status }) => [
    ["Imported", "it ran in an earlier tool, and cannot be run again"],
    ["Its id there", id],
    ["Its state there", status],
  ],
  address: ({ key }) => tickerAddress(key),
  outcome: ({ outcome, facts }) => outcome && [verdictBadge(outcome), has(facts?.score) && ` ${formatScore(facts.score)}`],
};

KINDS.report = {
  noun: ["report", "reports"],
  done: () => "made",
  hasReport: false,
  outcomes: "Outcome",
  describe: ({ params, retry_of: retried }) => `Report: ${aboutReport({ type: params.type, params })}${retried ? ", once more" : ""}`,
  facts: (params) => [
    ["Format", params.format === "xlsx" ? "Excel" : params.format.toUpperCase()],
    ...(params.job_id ? [/** @type {[string, any]} */ (["Job", h("a", { href: `/tasks?job=${encodeURIComponent(params.job_id)}` }, "See the task")])] : []),
  ],
  address: () => "/reports",
  outcome: ({ outcome, facts }) => outcome && [h("span", { class: "badge good" }, outcome), facts?.name && ` ${facts.name}`],
};
