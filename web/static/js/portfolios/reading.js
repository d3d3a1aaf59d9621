// What an import of a file would add, or why it cannot be added: the preview of a dry run, and what came of an import.

import { h } from "../dom.js";
import { folded, table } from "../evidence/figures.js";
import { formatCount, formatDay, formatWhole } from "../format.js";
import { field } from "../widgets.js";
import { formatExact, formatMoney } from "./money.js";

const FORMATS = {
  bellwether: "Bellwether",
  generic: "a table",
  ghostfolio: "Ghostfolio (CSV)",
  ghostfolio_json: "Ghostfolio (JSON)",
  portfolio_performance: "Portfolio Performance",
  interactive_brokers_activity: "Interactive Brokers, activity statement",
  interactive_brokers_flex: "Interactive Brokers, Flex query",
  degiro_transactions: "Degiro, transactions",
  degiro_account: "Degiro, account",
  trade_republic: "Trade Republic",
  trade_republic_table: "Trade Republic, by pytr",
};
const FOR_PROGRAMS = / Tell it with `symbols`.*/;
const DECIMALS = { ".": "a decimal point", ",": "a decimal comma" };

/** The formats for a select. @returns {[string, string][]} */
export const formats = () => [["auto", "found by its columns"], .../** @type {[string, string][]} */ (Object.entries(FORMATS))];

/** What a dry run or an import found. `onSymbols(symbols)` takes the tickers that somebody gives for unknown securities. */
export function reading(report, onSymbols) {
  const { understood, added_total: added, duplicates_total: duplicates, faults_total: faults, left_out_total: leftOut } = report;
  const counts = [
    formatCount(added, "transaction", "transactions") + (report.dry_run ? " to add" : " added"),
    duplicates && `${formatWhole(duplicates)} booked already`,
    leftOut && `${formatCount(leftOut, "line", "lines")} without a transaction`,
    faults && formatCount(faults, "fault", "faults"),
  ].filter(Boolean);
  return [
    h("p", { class: "record-lead", id: "reading-lead" }, counts.join(", "), "."),
    h(
      "p",
      { class: "small soft" },
      `Read as ${FORMATS[understood.format] ?? understood.format}, with ${DECIMALS[understood.decimal] ?? understood.decimal}${net(understood.columns)}${understood.ignored.length ? `; not read: ${understood.ignored.join(", ")}` : ""}.`,
    ),
    report.unknown.length > 0 && unknownForm(report.unknown, onSymbols),
    report.without_prices.length > 0 && h("p", { class: "small" }, `Without prices here: ${report.without_prices.join(", ")}. Their value is not known until prices are stored.`),
    faults > 0 && problems(report),
    added > 0 && folded(`What is ${report.dry_run ? "to be " : ""}added`, () => [linesTable(report.added, "Lines of the file"), more(added, report.added.length)], { style: "added" }),
    duplicates > 0 && folded("What is booked already", () => [duplicateTable(report.duplicates), more(duplicates, report.duplicates.length)]),
    leftOut > 0 && folded("Lines without a transaction", () => [leftOutTable(report.left_out), more(leftOut, report.left_out.length)]),
  ].filter(Boolean);
}

/** Of a net amount, as what it was taken. */
const net = (columns) => (columns.net ? `; ${columns.net} is taken as the amount after fee and tax${columns.amount ? `, where ${columns.amount} is empty` : ""}` : "");

const more = (total, listed) => total > listed && h("p", { class: "small soft" }, `and ${formatWhole(total - listed)} more.`);

function problems({ faults, faults_total: total }) {
  const columns = [
    { title: "Line", cell: ({ line }) => formatWhole(line) },
    { title: "Column", cell: ({ column }) => column ?? "" },
    { title: "What is wrong", style: "words", cell: ({ message }) => message.replace(FOR_PROGRAMS, " Give it above.") },
  ];
  return h("div", { id: "import-faults" }, h("h3", {}, "What is wrong"), table("Faults of the file", columns, faults), more(total, faults.length));
}

export const linesTable = (lines, caption) => table(caption, [{ title: "Line", cell: ({ line }) => formatWhole(line) }, ...COLUMNS], lines, { style: "as-cards" });

const COLUMNS = [
  { title: "Day", cell: ({ day }) => formatDay(day) },
  { title: "Type", cell: ({ type }) => type.replace("_", " ") },
  { title: "Ticker", cell: ({ ticker }) => ticker ?? "" },
  { title: "Quantity", style: "number", cell: ({ quantity }) => (quantity === null ? "" : formatExact(quantity)) },
  { title: "Price or amount", style: "number", cell: ({ price, amount, currency }) => (price === null ? formatMoney(amount, currency) : `${formatExact(price)}\u00a0${currency}`) },
  { title: "Fee", style: "number", cell: ({ fee }) => (Number(fee) ? formatMoney(fee) : "") },
  { title: "Tax", style: "number", cell: ({ tax }) => (Number(tax) ? formatMoney(tax) : "") },
];

function duplicateTable(duplicates) {
  const columns = [
    { title: "Line", cell: ({ read }) => formatWhole(read.line) },
    ...COLUMNS.map((column) => ({ ...column, cell: ({ read }) => column.cell(read) })),
    { title: "Booked", cell: ({ equals }) => `${formatDay(equals.day)}, ${equals.note ?? equals.type}` },
  ];
  return table("Lines that are booked already", columns, duplicates, { style: "as-cards" });
}

function leftOutTable(lines) {
  const columns = [
    { title: "Line", cell: ({ line }) => formatWhole(line) },
    { title: "Why", style: "words", cell: ({ reason }) => reason },
  ];
  return table("Lines without a transaction", columns, lines);
}

/** Asks for the tickers of securities that are not known. */
function unknownForm(unknown, onSymbols) {
  const inputs = unknown.map(({ isin, symbol, name, lines }, at) => {
    const key = isin || symbol || name;
    const input = h("input", { id: `symbol-${at}`, class: "ticker-field", maxlength: 20, autocomplete: "off", autocapitalize: "none", spellcheck: "false", dataset: { security: key } });
    return { input, element: field(`${[key, key !== name && name].filter(Boolean).join(", ")} (${formatCount(lines, "line", "lines")})`, input) };
  });
  const form = h(
    "form",
    { class: "unknown-form", id: "unknown-form", novalidate: true },
    h("h3", {}, "Which tickers are these?"),
    h("p", { class: "small soft" }, "What you give is remembered for later files. Leave empty what you do not know; its lines stay out of the portfolio."),
    inputs.map(({ element }) => element),
    h("div", {}, h("button", { type: "submit" }, "Read again")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = inputs.filter(({ input }) => input.value.trim()).map(({ input }) => [input.dataset.security, input.value.trim().toUpperCase()]);
    onSymbols(Object.fromEntries(given));
  });
  return form;
}
