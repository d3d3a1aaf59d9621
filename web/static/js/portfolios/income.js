// What was paid, month by month: dividends and interest after fee and tax.

import { api } from "../api.js";
import { h } from "../dom.js";
import { folded, table } from "../evidence/figures.js";
import { formatCount } from "../format.js";
import { tickerAddress } from "../tickers.js";
import { monthBars } from "./bars.js";
import { formatMoney } from "./money.js";

const YEARS_SHOWN = 40; // rows of the table

/** @param {any} portfolio */
export async function income(portfolio) {
  const currency = portfolio.base_currency;
  const { items } = await api.get(`/portfolios/${portfolio.id}/income`);
  if (!items.length) return h("p", { class: "soft" }, "No dividend and no interest is booked.");
  /** @type {Map<string, number>} */
  const months = new Map();
  /** @type {Map<string, number>} */
  const apart = new Map();
  for (const { month, net_base: told, net, currency: booked } of items) {
    if (told !== null) months.set(month, (months.get(month) ?? 0) + Number(told));
    else apart.set(booked, (apart.get(booked) ?? 0) + Number(net));
  }
  const bars = everyMonth(months);
  const whole = bars.reduce((sum, { amount }) => sum + amount, 0);
  const words = `${formatMoney(whole, currency)} were paid in ${formatCount(months.size, "month", "months")}.`;
  return [
    bars.length > 0 && [
      h("p", { class: "small" }, words),
      monthBars(bars, `Income by month, in ${currency}: ${words}`),
      folded("The income as a table, by year", () => yearsTable(bars, currency)),
      folded("The income as a table, by ticker", () => tickersTable(items, currency)),
    ],
    apart.size > 0 &&
      h("p", { class: "small soft" }, `There is no rate into ${currency} for these, so they are not among the bars: ${[...apart].map(([name, amount]) => formatMoney(amount, name)).join(", ")}.`),
  ];
}

/** The months from the first to the last, those without a payment too. @param {Map<string, number>} months */
function everyMonth(months) {
  const known = [...months.keys()].sort();
  if (!known.length) return [];
  const found = [];
  const last = known[known.length - 1];
  for (let [year, month] = known[0].split("-").map(Number); ; ) {
    const name = `${year}-${String(month).padStart(2, "0")}`;
    found.push({ month: name, amount: months.get(name) ?? 0 });
    if (name >= last) return found;
    month += 1;
    if (month > 12) [year, month] = [year + 1, 1];
  }
}

function yearsTable(bars, currency) {
  /** @type {Map<string, number>} */
  const years = new Map();
  for (const { month, amount } of bars) years.set(month.slice(0, 4), (years.get(month.slice(0, 4)) ?? 0) + amount);
  const columns = [
    { title: "Year", cell: ([year]) => year },
    { title: currency, style: "number", cell: ([, amount]) => formatMoney(amount) },
  ];
  return table("Income by year", columns, [...years].reverse().slice(0, YEARS_SHOWN), { style: "capped" });
}

function tickersTable(items, currency) {
  /** @type {Map<string | null, number>} */
  const paid = new Map();
  for (const { ticker, net_base: net } of items) if (net !== null) paid.set(ticker, (paid.get(ticker) ?? 0) + Number(net));
  const columns = [
    { title: "Of", cell: ([ticker]) => (ticker ? h("a", { href: tickerAddress(ticker) }, ticker) : "Interest on cash") },
    { title: currency, style: "number", cell: ([, amount]) => formatMoney(amount) },
  ];
  const sorted = [...paid].sort(([, one], [, other]) => other - one);
  return table("Income by ticker", columns, sorted, { style: "capped" });
}
