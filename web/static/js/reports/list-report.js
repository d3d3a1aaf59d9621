// The screener's list as a file: the latest result of every ticker that fits.

import { h } from "../dom.js";
import { chooseUniverse, offerUniverses } from "../universes.js";
import { field, select } from "../widgets.js";
import { outcomeLine, saveWith } from "./saving.js";

const UNIVERSES = [
  ["", "All tickers"],
  ["watchlist", "Watchlist"],
];
const VERDICTS = [["", "Any verdict"], ...["Strong Buy", "Buy", "Hold", "Sell", "Strong Sell"].map((verdict) => [verdict, verdict])];

/** The card. `values` are the address's, `keep(values)` puts them back there; `strategies` are [id, name] pairs. */
export function listReport(values, strategies, keep) {
  const universe = select("list-universe", UNIVERSES, values.list_universe, () => keep(chosen()));
  chooseUniverse(universe, values.list_universe);
  offerUniverses(universe);
  const strategy = select("list-strategy", [["", "Any strategy"], ...strategies], values.list_strategy, () => keep(chosen()));
  const verdict = select("list-verdict", VERDICTS, values.list_verdict, () => keep(chosen()));
  const excel = h("button", { type: "button", class: "primary", id: "download-list-excel", onclick: () => save("/reports/results.xlsx", "*/*", "results.xlsx") }, "Download Excel");
  const csv = h("button", { type: "button", id: "download-list-csv", onclick: () => save("/results", "text/csv", "results.csv") }, "Download CSV");
  const outcome = outcomeLine("list-report-outcome");

  const chosen = () => ({ list_universe: universe.value, list_strategy: strategy.value, list_verdict: verdict.value });
  const save = (path, accept, name) => {
    const params = { universe: universe.value, strategy: strategy.value, verdict: verdict.value };
    return saveWith([excel, csv], outcome, { path, params, accept, name });
  };

  return h(
    "section",
    { class: "card", "aria-labelledby": "list-report-title" },
    h("h2", { id: "list-report-title" }, "The latest verdicts"),
    h(
      "p",
      { class: "soft small" },
      "A summary of the whole list, and a sheet for each strategy. To choose columns, filter and look before saving, use the ",
      h("a", { href: "/screener" }, "screener"),
      ".",
    ),
    h("div", { class: "report-form" }, field("Universe", universe), field("Strategy", strategy), field("Verdict", verdict), excel, csv),
    outcome,
  );
}
