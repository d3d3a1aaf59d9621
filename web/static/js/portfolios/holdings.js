// What is held and what it is worth, beside the newest verdict, the record of that verdict, and how far stop and target are.

import { h } from "../dom.js";
import { formatHit, formatReturn, table } from "../evidence/figures.js";
import { formatCount, formatDay, formatPercent } from "../format.js";
import { tickerAddress } from "../tickers.js";
import { verdictBadge } from "../widgets.js";
import { formatExact, formatGain, formatMoney, toneOfGain } from "./money.js";

const NONE = "–";

/** @param {any} held - the answer of the API */
export function holdings({ portfolio, items, cash, totals, warnings }) {
  const currency = portfolio.base_currency;
  const columns = [
    { title: "Holding", cell: nameCell },
    { title: "Quantity", style: "number", cell: ({ quantity }) => formatExact(quantity) },
    { title: "Close", style: "number", cell: closeCell },
    { title: `Value, ${currency}`, style: "number", cell: ({ value_base: value }) => formatMoney(value) },
    { title: "Share of the portfolio", style: "number", cell: ({ portfolio_weight: share }) => formatHit(share) },
    { title: `Gain, ${currency}`, style: "number", cell: gainCell },
    { title: `Last move, ${currency}`, style: "number", cell: moveCell },
    { title: "Verdict", cell: ({ verdict }) => (verdict ? verdictBadge(verdict.verdict) : h("span", { class: "soft" }, "Not analysed")) },
    { title: "Right after 20 days", style: "number", cell: recordCell },
    { title: "To the stop", style: "number", cell: ({ verdict }) => distance(verdict?.to_stop_percent) },
    { title: "To the target", style: "number", cell: ({ verdict }) => distance(verdict?.to_target_percent) },
  ];
  const sums = [`Worth ${formatMoney(totals.value, currency)}, for which ${formatMoney(totals.cost)} were paid`, `${formatMoney(totals.cash, currency)} in cash`];
  return [
    h("p", { class: "record-lead" }, items.length ? `${sums.join("; ")}.` : `No shares are held; ${sums[1]}.`),
    moved(items, totals, currency),
    !totals.complete && h("p", { class: "small" }, missingIn(totals)),
    listed(warnings),
    items.length > 0 && table(formatCount(items.length, "holding", "holdings"), columns, items, { style: "as-cards", mark: ({ ticker }) => ({ holding: ticker }) }),
    items.some((item) => item.warnings.length) && [h("h3", {}, "To keep in mind"), listed(grouped(items))],
    cash.length > 0 && h("p", { class: "small", id: "cash" }, `Cash: ${cash.map(({ currency: name, amount }) => formatMoney(amount, name)).join(", ")}.`),
  ].filter(Boolean);
}

/** "Left out of these sums, for want of a price or a rate: VOD. There is no rate of GBP." */
function missingIn({ missing_tickers: tickers, missing_currencies: currencies }) {
  const left = tickers.length ? [`Left out of these sums, for want of a price or a rate: ${tickers.join(", ")}. The value above and alert rules count what has no price at what was last paid.`] : [];
  return [...left, ...(currencies.length ? [`There is no rate of ${currencies.join(", ")}.`] : [])].join(" ");
}

/** What is held and the cash, for the picture of the allocation. @param {any} held */
export function partsOf({ items, totals }) {
  const held = items.filter(({ value_base: value }) => value !== null).map(({ ticker, value_base: value }) => ({ ticker, value: Number(value) }));
  return [...held, { ticker: null, value: Number(totals.cash) }];
}

const nameCell = ({ ticker, name }) => [h("a", { href: tickerAddress(ticker) }, ticker), name && h("span", { class: "holding-name small soft" }, name)];

const closeCell = ({ price, currency, price_day: day }) => (price === null ? NONE : [`${formatExact(price)}\u00a0${currency ?? ""}`, h("div", { class: "small soft" }, formatDay(day))]);

function gainCell({ gain_base: gain, gain_percent: percent }) {
  return [h("span", { class: toneOfGain(gain) }, formatGain(gain)), percent !== null && h("div", { class: "small soft" }, formatPercent(percent))];
}

/** What the last close is worth more than the one before it, and of which day that close is. */
function moveCell({ day_change_base: change, day_change_percent: percent, price_day: day }) {
  if (change === null) return NONE;
  return [h("span", { class: toneOfGain(change) }, formatGain(change)), h("div", { class: "small soft" }, `${formatPercent(percent)}, ${formatDay(day)}`)];
}

/** What the newest day brought, without what has no close of that day. */
function moved(items, { day_change: change, change_day: day }, currency) {
  if (!day) return null;
  const older = items.filter(({ price_day: each }) => each !== day).length;
  return h(
    "p",
    { id: "moved" },
    `On ${formatDay(day)} it moved by `,
    h("span", { class: toneOfGain(change) }, formatGain(change, currency)),
    older ? `, without ${formatCount(older, "holding that has", "holdings that have")} no close of that day.` : ".",
  );
}

function recordCell({ ticker, verdict }) {
  if (!verdict || verdict.record_hit === null) return NONE;
  return h("a", { href: tickerAddress(ticker, verdict.strategy, "record"), title: verdict.record }, formatHit(verdict.record_hit));
}

const distance = (percent) => (percent === null || percent === undefined ? NONE : formatReturn(percent / 100));

/** What is to be kept in mind of holdings, each sentence once, with the tickers that it is about. */
function grouped(items) {
  /** @type {Map<string, string[]>} */
  const about = new Map();
  for (const { ticker, warnings } of items) for (const warning of warnings) about.set(warning, [...(about.get(warning) ?? []), ticker]);
  return [...about].map(([warning, tickers]) => `${tickers.join(", ")}: ${warning}`);
}

const listed = (sentences) =>
  sentences.length
    ? h(
        "ul",
        { class: "small listed" },
        sentences.map((sentence) => h("li", {}, sentence)),
      )
    : null;
