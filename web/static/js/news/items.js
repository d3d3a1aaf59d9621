// News items with the rule that found each ticker, and the regime with its votes.

import { h } from "../dom.js";
import { formatAgo, formatDay, formatMoment } from "../format.js";
import { tickerAddress } from "../tickers.js";

const RULES = { feed: "its feed", cash_tag: "cash tag", exchange_tag: "exchange tag", company_name: "company name" };
const TONES = { clear: "good", warning: "warn", mixed: "warn", adverse: "bad", missing: "", unknown: "" };

/** By which rule an item is about a ticker, in words. */
export const ruleWords = ({ rule, matched }) => (matched ? `${RULES[rule] ?? rule}: “${matched}”` : (RULES[rule] ?? rule));

export function newsItem(item) {
  const moment = item.published_at ?? item.fetched_at;
  return h(
    "li",
    {},
    item.link ? h("a", { href: item.link, rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer" }, item.title) : item.title,
    h("p", { class: "small soft" }, `${item.source} · `, h("time", { datetime: moment, title: formatMoment(moment) }, formatAgo(moment))),
    item.tickers.length > 0 &&
      h(
        "p",
        { class: "small" },
        item.tickers.map((match, at) => [at > 0 && ", ", h("a", { href: tickerAddress(match.ticker) }, match.ticker), h("span", { class: "soft" }, ` (${ruleWords(match)})`)]),
      ),
    item.sentiment?.words.length > 0 &&
      h("p", { class: "small soft" }, `Words of the list: ${item.sentiment.words.map(({ word, tone }) => `${word} (${tone})`).join(", ")}; sum ${item.sentiment.score}`),
  );
}

export const newsList = (items) => h("ul", { class: "news-list" }, items.map(newsItem));

const inputWords = ({ name, series, source, day, value }) => `${name}: ${value} (${series} of ${formatDay(day)}, ${source})`;

function vote({ name, vote: kind, reason, rule, published, inputs, missing }) {
  return h(
    "li",
    {},
    h("strong", {}, name),
    " ",
    h("span", { class: `badge ${TONES[kind] ?? ""}` }, kind),
    h("p", {}, reason),
    inputs.length > 0 && h("p", { class: "small soft" }, inputs.map(inputWords).join("; ")),
    inputs.length > 0 && missing.length > 0 && h("p", { class: "small soft" }, `Missing: ${missing.join("; ")}`),
    h("p", { class: "small soft" }, `${rule} ${published}.`),
  );
}

/** The regime: its name, how it is made, and each vote with its inputs. */
export function regimeCard({ regime, votes_known: known, warnings, rule, votes, cycle }) {
  return [
    h("p", {}, h("span", { class: `badge ${TONES[regime] ?? ""}` }, regime), ` ${warnings} of ${known} votes ${warnings === 1 ? "warns" : "warn"}.`),
    h("p", { class: "small soft" }, rule),
    h("ul", { class: "votes-list" }, votes.map(vote)),
    cycleOf(cycle),
  ];
}

/** The phase of the cycle by its rule, said to be one. */
function cycleOf({ phase, reason, rule, published, measures }) {
  return h(
    "section",
    { class: "cycle", "aria-label": "Phase of the cycle, by a rule" },
    h("h3", {}, "Phase of the cycle, by a rule"),
    h("p", {}, h("span", { class: "badge", dataset: { phase } }, phase), ` ${reason}`),
    h("p", { class: "small soft" }, rule),
    h(
      "details",
      {},
      h("summary", {}, "How it is made"),
      h(
        "ul",
        {},
        measures.map(({ name, rule: measured, missing }) => h("li", { class: "small" }, `${name}: ${measured}`, missing.length > 0 && ` Missing: ${missing.join("; ")}.`)),
      ),
      h("p", { class: "small soft" }, published),
    ),
  );
}
