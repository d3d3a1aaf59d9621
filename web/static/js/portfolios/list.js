// The portfolios of an organization.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatReturn, table } from "../evidence/figures.js";
import { formatCount, formatDay, formatWhole } from "../format.js";
import { empty } from "../states.js";
import { formatMoney, toneOfGain } from "./money.js";
import { portfolioForm } from "./portfolio-form.js";

const AT_ONCE = 100;
const ASKED_NOW = 10; // of those that no night has valued, each by a call

/** Where a portfolio is shown. @param {string} id */
export const portfolioAddress = (id) => `/portfolios?id=${encodeURIComponent(id)}`;

/** What the page shows of all portfolios. @param {boolean} canChange @param {import("../references.js").References} references */
export async function portfolioList(canChange, references) {
  const items = await allPortfolios();
  const beside = ({ benchmark }) => (benchmark ? besideLink(benchmark, references) : "–");
  const askedNow = new Set(items.filter(({ valuation, transactions }) => !valuation && transactions).slice(0, ASKED_NOW));
  const columns = [
    { title: "Name", cell: ({ id, name }) => h("a", { href: portfolioAddress(id) }, name) },
    { title: "Value", style: "number", cell: (item) => (askedNow.has(item) ? valueOfNow(item) : valueCell(item)) },
    { title: "On that day", style: "number", cell: ({ valuation }) => returned(valuation?.twr) },
    { title: "Since the beginning", style: "number", cell: ({ valuation }) => returned(valuation && valuation.growth - 1) },
    { title: "Beside", cell: beside },
    { title: "Holdings", style: "number", cell: ({ holdings }) => formatWhole(holdings) },
    { title: "Transactions", style: "number", cell: ({ transactions }) => formatWhole(transactions) },
  ];
  const none = canChange ? "Make one below; then add transactions, or import the export of your broker." : "Whoever may change things makes the first one.";
  return [
    items.length
      ? h("section", { class: "card", "aria-label": formatCount(items.length, "portfolio", "portfolios") }, portfolioTable(columns, items))
      : h("div", { class: "card" }, empty("There is no portfolio yet.", none)),
    canChange &&
      h(
        "section",
        { class: "card", "aria-labelledby": "new-title" },
        h("h2", { id: "new-title" }, "Make a portfolio"),
        portfolioForm(null, references, ({ id }) => location.assign(portfolioAddress(id))),
      ),
  ].filter(Boolean);
}

/** What a portfolio is held against, as a link where it is still there. @param {string} benchmark @param {import("../references.js").References} references */
export function besideLink(benchmark, references) {
  const [name, href] = [references.nameOf(benchmark), references.addressOf(benchmark)];
  return href ? h("a", { href }, name) : name;
}

const portfolioTable = (columns, items) => [
  table("Portfolios", columns, items, { style: "as-cards", mark: ({ id }) => ({ portfolio: id }) }),
  h("p", { class: "small soft" }, "Values and time-weighted returns are those of the last nightly valuation; the page of a portfolio computes them anew."),
];

const returned = (value) => h("span", { class: toneOfGain(value) }, formatReturn(value));

function valueCell({ valuation, version, transactions }) {
  if (!valuation) return h("span", { class: "soft" }, transactions ? "Not valued yet" : "–");
  const when = valuation.ledger_version < version ? `${formatDay(valuation.day)}, before the last change` : formatDay(valuation.day);
  return [formatMoney(valuation.value, valuation.currency), h("div", { class: "small soft" }, when)];
}

// What a portfolio is worth now, where no night has passed since it was filled.
function valueOfNow({ id }) {
  const cell = h("div", { class: "soft", "aria-busy": "true" }, "…");
  const told = ({ portfolio, as_of: day, totals }) => [
    formatMoney(Number(totals.value) + Number(totals.cash), portfolio.base_currency),
    h("div", { class: "small soft" }, `${formatDay(day)}, not stored yet`),
  ];
  api.get(`/portfolios/${encodeURIComponent(id)}/holdings`).then(
    (holdings) => cell.replaceWith(...told(holdings)),
    () => cell.replaceWith("Not valued yet"),
  );
  return cell;
}

async function allPortfolios() {
  const found = [];
  for (let cursor = null; ; ) {
    const { items, next_cursor: next } = await api.get("/portfolios", { limit: AT_ONCE, cursor });
    found.push(...items);
    if (!next) return found;
    cursor = next;
  }
}
