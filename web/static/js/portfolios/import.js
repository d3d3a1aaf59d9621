// Importing a file of transactions: choose it, see what it would add, and add it.

import { api } from "../api.js";
import { fill, h, notify } from "../dom.js";
import { folded } from "../evidence/figures.js";
import { formatCount } from "../format.js";
import { trouble } from "../reports/saving.js";
import { field, select } from "../widgets.js";
import { formats, reading } from "./reading.js";

const DATES = [
  ["", "as the file tells"],
  ["dmy", "day first"],
  ["mdy", "month first"],
];
const DECIMALS = [
  ["", "as the file tells"],
  ["point", "point: 1,234.5"],
  ["comma", "comma: 1.234,5"],
];

/** @param {any} portfolio @param {() => void} onAdded */
export function importCard(portfolio, onAdded) {
  const file = h("input", { id: "import-file", type: "file", accept: ".csv,.txt,.tsv,.json,text/csv,text/plain,application/json", "aria-describedby": "import-about" });
  const format = select("import-format", formats(), "auto");
  const dates = select("import-dates", DATES, "");
  const decimal = select("import-decimal", DECIMALS, "");
  const addAgain = h("input", { id: "import-again", type: "checkbox" });
  const dropBad = h("input", { id: "import-drop", type: "checkbox" });
  const look = h("button", { type: "submit", class: "primary" }, "See what it would add");
  const outcome = h("div", { id: "import-outcome", role: "status" });

  const params = (dryRun) => ({
    format: format.value,
    dates: dates.value,
    decimal: decimal.value,
    duplicates: addAgain.checked ? "add" : "skip",
    on_bad_rows: dropBad.checked ? "drop" : "refuse",
    dry_run: dryRun,
  });
  // While a file is under way it is not sent again, and what is shown of it belongs to what was chosen.
  const setBusy = (isBusy) => {
    for (const control of [file, format, dates, decimal, addAgain, dropBad, look, ...outcome.querySelectorAll("button")]) control.disabled = isBusy;
  };
  const send = async (dryRun) => {
    const chosen = file.files?.[0];
    if (!chosen) return fill(outcome, h("p", { class: "field-problem" }, "Choose a file first."));
    setBusy(true);
    if (dryRun) fill(outcome, h("p", { class: "small soft" }, "Reading the file …"));
    try {
      const type = /\.json$/i.test(chosen.name) ? "application/json" : "text/csv";
      const report = await api.postFile(`/portfolios/${portfolio.id}/transactions/import`, chosen, type, params(dryRun));
      if (dryRun) return preview(report);
      notify(`${formatCount(report.added_total, "transaction is", "transactions are")} added.`);
      form.reset();
      fill(outcome);
      onAdded();
    } catch (error) {
      fill(outcome, trouble(error));
    } finally {
      setBusy(false);
    }
  };
  const preview = (report) => {
    const canAdd = report.added_total > 0 && (report.faults_total === 0 || dropBad.checked);
    const add = h("button", { type: "button", class: "primary", id: "import-add", onclick: () => send(false) }, `Add ${formatCount(report.added_total, "transaction", "transactions")}`);
    const why = report.faults_total > 0 && !dropBad.checked && h("p", { class: "small" }, "Nothing is added while lines are wrong. Mend the file, give the tickers, or leave the wrong lines out.");
    fill(outcome, reading(report, tellSymbols), why, canAdd && h("div", { class: "row" }, add));
  };
  const tellSymbols = async (symbols) => {
    try {
      await api.patch("/portfolio-symbols", { symbols });
      await send(true);
    } catch (error) {
      notify(`The tickers were not taken. ${error.words ?? error.message}`, { problem: true });
    }
  };
  for (const control of [file, format, dates, decimal, addAgain, dropBad]) control.addEventListener("change", () => fill(outcome));

  const choice = (input, words) => h("label", { class: "choice" }, input, " ", words);
  const form = h(
    "form",
    { class: "import-form", novalidate: true, "aria-label": "Import transactions" },
    field("File of transactions", file),
    field("Whose export it is", format),
    folded("If it is read wrongly", () => h("div", { class: "row" }, field("Dates", dates), field("Decimal sign", decimal))),
    h("div", { class: "row" }, choice(dropBad, "leave out lines that are wrong"), choice(addAgain, "add again what is booked already")),
    h("div", {}, look),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(true);
  });
  const about =
    "CSV of Portfolio Performance, Interactive Brokers, Degiro or Trade Republic, the JSON of Ghostfolio, an export of this page, or any table with a header, in which an amount is before fee and tax, and a net amount after them. Nothing is added before you have seen it.";
  return h(
    "section",
    { class: "card", id: "import", "aria-labelledby": "import-title" },
    h("h2", { id: "import-title" }, "Import a file"),
    h("p", { class: "small soft", id: "import-about" }, about),
    form,
    outcome,
  );
}
