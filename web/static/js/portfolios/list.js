// The portfolios of an organization.

import { api } from "../api.js";
import { h } from "../dom.js";
import { table } from "../evidence/figures.js";
import { formatCount, formatMoment, formatWhole } from "../format.js";
import { empty } from "../states.js";
import { portfolioForm } from "./portfolio-form.js";

const AT_ONCE = 100;

/** Where a portfolio is shown. @param {string} id */
export const portfolioAddress = (id) => `/portfolios?id=${encodeURIComponent(id)}`;

/** What the page shows of all portfolios. @param {boolean} canChange */
export async function portfolioList(canChange) {
  const items = await allPortfolios();
  const columns = [
    { title: "Name", cell: ({ id, name }) => h("a", { href: portfolioAddress(id) }, name) },
    { title: "Currency", cell: ({ base_currency: currency }) => currency },
    { title: "Beside", cell: ({ benchmark }) => benchmark ?? "–" },
    { title: "Holdings", style: "number", cell: ({ holdings }) => formatWhole(holdings) },
    { title: "Transactions", style: "number", cell: ({ transactions }) => formatWhole(transactions) },
    { title: "Last changed", cell: ({ updated_at: changed }) => h("time", { datetime: changed }, formatMoment(changed)) },
  ];
  const none = canChange ? "Make one below; then add transactions, or import the export of your broker." : "Whoever may change things makes the first one.";
  return [
    items.length
      ? h("section", { class: "card", "aria-label": formatCount(items.length, "portfolio", "portfolios") }, table("Portfolios", columns, items, { style: "as-cards" }))
      : h("div", { class: "card" }, empty("There is no portfolio yet.", none)),
    canChange &&
      h(
        "section",
        { class: "card", "aria-labelledby": "new-title" },
        h("h2", { id: "new-title" }, "Make a portfolio"),
        portfolioForm(null, ({ id }) => location.assign(portfolioAddress(id))),
      ),
  ].filter(Boolean);
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
