// The top of the page: which ticker, what it costs, the verdict, and what can be done.

import { address } from "../api.js";
import { fill, h } from "../dom.js";
import { formatAgo, formatDay, formatMoment, formatMove, formatPercent, formatPrice, formatScore } from "../format.js";
import { freshnessBadge } from "../freshness.js";
import { differenceWords, meaningWords } from "../price-checks.js";
import { problem } from "../states.js";
import { verdictBadge } from "../widgets.js";
import { badge, warningBadge } from "../words.js";
import { gauge } from "./gauge.js";
import { adviceOf } from "./position-view.js";
import { StrategyChoice } from "./strategy-choice.js";
import { Watching } from "./watching.js";

const NO_HISTORY = new Set(["insufficient_history", "price_quality"]);
const FINAL = new Set([...NO_HISTORY, "forbidden"]); // of these, another try ends as the first

export class Header {
  #ticker;

  /** `onStrategy(id)`, `onAnalyse()` and `onRecord()` hear of the controls; `priceRefresh` has a button and a place for its progress. */
  constructor(ticker, { onStrategy, onAnalyse, onRecord, priceRefresh }) {
    this.#ticker = ticker;
    this.whole = h("button", { type: "button", class: "link", id: "whole-record", onclick: onRecord }, "The whole record");
    this.name = h("span", { class: "ticker-name soft" });
    this.facts = h("p", { class: "ticker-facts soft small", id: "facts", hidden: true });
    this.freshness = h("span", { id: "freshness" });
    this.price = h("div", { class: "ticker-price" }, this.freshness);
    this.verdict = h("div", { class: "ticker-verdict" });
    this.difference = h("p", { class: "price-difference small", hidden: true });
    this.warnings = h("div", { class: "ticker-warnings" });
    this.refusal = h("p", { class: "small soft", id: "refusal", role: "status", hidden: true });
    this.advice = h("p", { class: "ticker-advice", id: "advice" });
    this.record = h("p", { class: "ticker-record small", id: "record" });
    this.strategies = new StrategyChoice(onStrategy);
    this.said = h("p", { class: "visually-hidden", role: "status" });
    this.again = h("button", { type: "button", class: "primary", id: "analyse", onclick: onAnalyse }, "Analyse again");
    this.watching = new Watching(ticker);
    this.excel = h("a", { class: "button", id: "excel", hidden: true, "aria-label": "Download as Excel" }, "↓ Excel");
    const risk = h("a", { class: "button", id: "risk", href: `/risk?ticker=${encodeURIComponent(ticker)}` }, "Risk");
    this.element = h(
      "section",
      { class: "card ticker-header", "aria-label": "Verdict" },
      h(
        "div",
        { class: "ticker-top" },
        h(
          "div",
          { class: "ticker-title" },
          h("h1", {}, ticker, " ", this.name),
          this.facts,
          this.price,
          this.advice,
          this.record,
          h("div", { class: "ticker-actions" }, this.again, priceRefresh.button, this.watching.button, this.watching.lists, this.watching.edit, this.excel, risk),
        ),
        this.verdict,
      ),
      priceRefresh.area,
      this.watching.notes,
      this.strategies.element,
      this.refusal,
      this.warnings,
      this.difference,
      this.said,
    );
  }

  setName(name) {
    this.name.textContent = name ?? "";
  }

  /** How new the prices are, and what is known of the ticker beside them: from the item of GET /tickers, or null. */
  setFreshness(item) {
    fill(this.freshness, item && freshnessBadge(item.freshness, item.last));
    const known = [item?.exchange, item?.currency, item?.sector].filter(Boolean);
    this.facts.textContent = known.join(" · ");
    this.facts.hidden = known.length === 0;
  }

  /** From an item of GET /price-checks that found a difference, or null. */
  setDifference(check) {
    this.difference.hidden = check === null;
    fill(this.difference, check && [badge("comparison", "differs"), ` ${differenceWords(check)} ${meaningWords(check)}`]);
  }

  /** From the newest bars of an answer of GET /series. */
  setPrice({ dates, series: { close } }) {
    const change = close.length > 1 ? close.at(-1) - close.at(-2) : null;
    const [tone, arrow] = change !== null && change > 0 ? ["up", "▲"] : change !== null && change < 0 ? ["down", "▼"] : ["soft", ""];
    fill(
      this.price,
      h("span", { class: "ticker-close", id: "close" }, formatPrice(close.at(-1))),
      change !== null && h("span", { class: tone, id: "change" }, `${arrow} ${formatMove(Math.abs(change), close.at(-1))} (${formatPercent((change / close.at(-2)) * 100)})`),
      h("span", { class: "soft small", id: "as-of" }, `Close of ${formatDay(dates.at(-1))}`),
      this.freshness,
    );
  }

  setBusy(busy) {
    this.again.disabled = busy;
    this.again.textContent = busy ? "Analysing …" : "Analyse again";
    this.verdict.classList.toggle("busy", busy);
    this.verdict.setAttribute("aria-busy", String(busy));
  }

  setResult(result) {
    const when = h("time", { datetime: result.created_at, title: formatMoment(result.created_at) }, formatAgo(result.created_at));
    fill(this.verdict, h("div", { class: "verdict-words" }, verdictBadge(result.verdict), h("span", { class: "small soft" }, "analysed ", when)), gauge(result.score, result.verdict));
    this.verdict.dataset.verdict = result.verdict;
    this.verdict.dataset.score = result.score;
    this.advice.textContent = adviceOf(result);
    this.#showRecord(result.record);
    const warnings = result.warnings.map(({ code, message }) => h("li", { dataset: { code } }, warningBadge(), " ", message));
    fill(this.warnings, warnings.length > 0 && h("ul", { "aria-label": "Warnings" }, warnings));
    this.excel.href = address(`/reports/analysis/${encodeURIComponent(this.#ticker)}.xlsx`, { strategy: result.strategy });
    this.excel.hidden = false;
    this.said.textContent = `${result.verdict}, score ${formatScore(result.score)}`;
  }

  /** Why the result is a stored one, and not of now; null where it is of now. */
  setRefusal(refusal) {
    const isForbidden = refusal?.code === "forbidden";
    this.again.hidden = isForbidden;
    this.refusal.hidden = refusal === null;
    const why = isForbidden ? "You read what is stored; analysts and administrators make new results." : (refusal?.words ?? refusal?.message);
    fill(this.refusal, refusal && `This is the newest stored result. ${why}`);
  }

  /** What the verdict's record says. Results of older engines have none, and nothing is said of them. */
  #showRecord(record) {
    this.record.hidden = !record;
    if (!record) return;
    const [name, tone] = worthOf(record);
    fill(this.record, h("span", { class: `badge ${tone}`.trim() }, name), " ", record.available ? record.sentence : record.reason, " ", this.whole);
  }

  setProblem(error, retry) {
    this.setRefusal(null);
    this.again.hidden = error.code === "forbidden";
    fill(this.verdict);
    delete this.verdict.dataset.verdict;
    this.advice.textContent = "";
    this.#showRecord(null);
    const advice = NO_HISTORY.has(error.code) && h("p", {}, h("a", { href: "/prices" }, "Upload more prices"), " for it.");
    fill(this.warnings, problem(error, FINAL.has(error.code) ? null : retry), advice);
    this.excel.hidden = true;
  }
}

/** What a record is worth, as the name and the colour of its badge. @returns {[name: string, tone: string]} */
function worthOf(record) {
  if (!record.available) return ["No record", ""];
  if (record.lift_low > 0) return ["Better than any day", "good"];
  return record.lift_high < 0 ? ["Worse than any day", "bad"] : ["No better than any day", "warn"];
}
