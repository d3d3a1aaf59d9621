// What was paid, month by month: dividends and interest after fee and tax.

import { api } from "../api.js";
import { h } from "../dom.js";
import { folded, table } from "../evidence/figures.js";
import { formatCount } from "../format.js";
import { monthBars } from "./bars.js";
import { formatMoney } from "./money.js";

const TYPES = ["dividend", "interest"];
const AT_ONCE = 500;
const MOST = 20000; // payments that are added up in the page
const YEARS_SHOWN = 40; // rows of the table

/** @param {any} portfolio */
export async function income(portfolio) {
  const currency = portfolio.base_currency;
  const payments = (await Promise.all(TYPES.map((type) => paymentsOf(portfolio.id, type)))).flat();
  if (!payments.length) return h("p", { class: "soft" }, "No dividend and no interest is booked.");
  /** @type {Map<string, number>} */
  const months = new Map();
  /** @type {Map<string, number>} */
  const apart = new Map();
  for (const payment of payments) {
    const net = Number(payment.amount) - Number(payment.fee) - Number(payment.tax);
    const rate = payment.currency === currency ? 1 : payment.fx_rate && Number(payment.fx_rate);
    if (rate) months.set(payment.day.slice(0, 7), (months.get(payment.day.slice(0, 7)) ?? 0) + net * rate);
    else apart.set(payment.currency, (apart.get(payment.currency) ?? 0) + net);
  }
  const bars = everyMonth(months);
  const whole = bars.reduce((sum, { amount }) => sum + amount, 0);
  const words = `${formatMoney(whole, currency)} were paid in ${formatCount(months.size, "month", "months")}.`;
  return [
    bars.length > 0 && [h("p", { class: "small" }, words), monthBars(bars, `Income by month, in ${currency}: ${words}`), folded("The income as a table, by year", () => yearsTable(bars, currency))],
    apart.size > 0 && h("p", { class: "small soft" }, `Booked without a rate into ${currency}, so not among the bars: ${[...apart].map(([name, amount]) => formatMoney(amount, name)).join(", ")}.`),
  ];
}

async function paymentsOf(id, type) {
  const found = [];
  for (let cursor = null; found.length < MOST; ) {
    const { items, next_cursor: next } = await api.get(`/portfolios/${id}/transactions`, { type, limit: AT_ONCE, cursor });
    found.push(...items);
    if (!next) return found;
    cursor = next;
  }
  return found;
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
