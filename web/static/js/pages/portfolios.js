// Portfolios: the list of them, or one by the address's `id` with all that is known of it.

import { address, api } from "../api.js";
import { onReturn } from "../connection.js";
import { ask } from "../dialog.js";
import { byId, fill, h, notify } from "../dom.js";
import { allocation } from "../portfolios/allocation.js";
import { dividends } from "../portfolios/dividends.js";
import { holdings, partsOf } from "../portfolios/holdings.js";
import { importCard } from "../portfolios/import.js";
import { income } from "../portfolios/income.js";
import { besideLink, portfolioList } from "../portfolios/list.js";
import { performanceCard } from "../portfolios/performance.js";
import { portfolioForm } from "../portfolios/portfolio-form.js";
import { realised } from "../portfolios/realised.js";
import { transactionsCard } from "../portfolios/transactions.js";
import { References } from "../references.js";
import { isViewer } from "../session.js";
import { show } from "../states.js";
import { saveFor } from "../transfer.js";
import { readUrl, writeUrl } from "../url-state.js";

const METHODS = { fifo: "the oldest shares are sold first", average: "a sale takes the same part of all shares" };
const page = byId("page");
const DEFAULTS = { id: "", period: "1y" };
const { id, period } = readUrl(DEFAULTS);
const canChange = !isViewer();
const references = new References();
/** @type {(() => any)[]} */
let redraws = []; // of the parts that a changed ledger changes

const draw = () => (id ? show(page, portfolioPage, "Looking for the portfolio …") : show(page, listPage, "Looking for portfolios …"));

async function listPage() {
  await references.load();
  return portfolioList(canChange, references);
}

async function portfolioPage() {
  const [portfolio] = await Promise.all([api.get(`/portfolios/${encodeURIComponent(id)}`), references.load()]);
  document.title = `${portfolio.name} – Bellwether`;
  fill(byId("title"), portfolio.name);
  const transactions = transactionsCard(portfolio, canChange, refresh);
  const spread = h("div", { id: "allocation" });
  const held = h("div", { id: "holdings" });
  const performance = performanceCard(portfolio, period, (chosen) => writeUrl({ id, period: chosen }, DEFAULTS, { push: false }));
  const drawHeld = () =>
    show(
      held,
      async () => {
        const answer = await api.get(`/portfolios/${portfolio.id}/holdings`);
        fill(spread, allocation(partsOf(answer), portfolio.base_currency));
        return holdings(answer);
      },
      "Looking at what you hold …",
    );
  const sold = h("div", { id: "realised" });
  const drawSold = () => show(sold, () => realised(portfolio));
  const paid = h("div", { id: "income" });
  const drawIncome = () => show(paid, async () => [await income(portfolio)].flat(Infinity).filter(Boolean));
  const offered = h("div", { id: "dividends" });
  const drawOffered = () =>
    show(offered, () =>
      dividends(portfolio, canChange, () => {
        transactions.draw();
        refresh();
      }),
    );
  redraws = [performance.draw, drawHeld, drawIncome, drawSold, drawOffered];
  for (const first of redraws.slice(1)) first();
  return [
    head(portfolio),
    performance.element,
    part("holdings-title", "What you hold", held, saving(portfolio, "holdings", "Holdings")),
    part("allocation-title", "What it is in", spread),
    part("realised-title", "What you sold", sold, saving(portfolio, "realised", "Sales")),
    part("income-title", "What was paid to you", paid, saving(portfolio, "income", "Income")),
    part("dividends-title", "Dividends to book", offered),
    transactions.element,
    canChange &&
      importCard(portfolio, () => {
        transactions.draw();
        refresh();
      }),
  ].filter(Boolean);
}

/** @param {string} id @param {string} title @param {HTMLElement} content @param {HTMLElement | null} button - beside the title */
function part(id, title, content, button = null) {
  const heading = h("h2", { id }, title);
  return h("section", { class: "card", "aria-labelledby": id }, button ? h("div", { class: "spread" }, heading, button) : heading, content);
}

/** A button that saves what a part of a portfolio shows as CSV. */
function saving(portfolio, path, title) {
  const button = h("button", { type: "button", "aria-label": `${title} as CSV` }, "CSV");
  button.addEventListener("click", () => saveFor(button, `/portfolios/${portfolio.id}/${path}`, { accept: "text/csv", name: `${path}.csv` }));
  return button;
}

/** The ledger has changed: what is computed from it is drawn anew. */
function refresh() {
  for (const redraw of redraws) redraw();
}

function head(portfolio) {
  const { name, base_currency: currency, benchmark, cost_method: method } = portfolio;
  fill(byId("about"), `In ${currency}; ${METHODS[method]}`, benchmark && ["; beside ", besideLink(benchmark, references)], ".");
  const place = h("div", { id: "change-place" });
  const csv = h("button", { type: "button", id: "portfolio-csv" }, "↓ Transactions");
  csv.addEventListener("click", () => saveFor(csv, `/portfolios/${portfolio.id}/transactions/export`, { accept: "text/csv", name: "transactions.csv" }));
  const change = h("button", { type: "button", "aria-expanded": "false", "aria-controls": "change-place" }, "Change");
  change.addEventListener("click", () => {
    const isOpen = change.getAttribute("aria-expanded") === "true";
    change.setAttribute("aria-expanded", String(!isOpen));
    fill(place, !isOpen && h("div", { class: "card" }, portfolioForm(portfolio, references, changed)));
  });
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "portfolio-head" },
      h("a", { href: "/portfolios" }, "All portfolios"),
      h(
        "div",
        { class: "row" },
        csv,
        h("a", { class: "button", id: "portfolio-excel", href: address(`/reports/portfolio/${portfolio.id}.xlsx`), "aria-label": `Download ${name} as Excel` }, "↓ Excel"),
        canChange && change,
        canChange && h("button", { type: "button", class: "danger", onclick: () => remove(portfolio) }, "Remove"),
      ),
    ),
    place,
  );
}

function changed() {
  notify("The portfolio is changed.");
  draw();
}

async function remove(portfolio) {
  const words = `${portfolio.transactions} transactions go with it. Download them first if you may need them again.`;
  const answer = await ask({ title: `Remove ${portfolio.name}?`, words, confirm: "Remove", isDanger: true });
  if (answer === null) return;
  try {
    await api.delete(`/portfolios/${portfolio.id}`);
    location.assign("/portfolios");
  } catch (error) {
    notify(`It was not removed. ${error.words ?? error.message}`, { problem: true });
  }
}

onReturn(draw);
await draw();
