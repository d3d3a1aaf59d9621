// The ticker's results by one strategy, newest first, a page at a time.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { formatDay, formatMoment, formatPrice, formatScore } from "../format.js";
import { empty } from "../states.js";
import { runAgainButton, supersededBadge } from "../superseded.js";
import { scoreBar, verdictBadge } from "../widgets.js";

const PAGE = 10;

/** Load the first page. `onRun()` is called when superseded results have been run again. */
export async function verdictHistory(ticker, strategy, onRun) {
  const address = `/history/${encodeURIComponent(ticker)}`;
  const rows = h("tbody", {});
  const again = runAgainButton({ tickers: [ticker] }, onRun);
  const notice = h("p", { class: "row small", hidden: true }, "Superseded verdicts are of prices that were replaced since. They are not compared with the others.", again.button);
  const add = ({ items }) => {
    rows.append(...items.map(row));
    if (items.some(({ superseded }) => superseded)) notice.hidden = false;
  };
  const first = await api.get(address, { strategy: strategy.id, limit: PAGE });
  if (!first.items.length) return empty(`No results by ${strategy.name} yet`, "“Analyse again” makes the first.");
  add(first);
  let cursor = first.next_cursor;
  const more = h("button", { type: "button", hidden: cursor === null }, "Load more");
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      const next = await api.get(address, { strategy: strategy.id, limit: PAGE, cursor });
      const newest = rows.children.length;
      add(next);
      cursor = next.next_cursor;
      more.hidden = cursor === null;
      if (more.hidden) rows.children[newest]?.querySelector("th")?.focus(); // or the focus is lost with the button
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
    } finally {
      more.disabled = false;
    }
  });
  const columns = [["Day"], ["Verdict"], ["Score", "number"], ["", "hide-on-phone"], ["Close", "number hide-on-phone"], ["Analysed", "hide-on-phone"]];
  return [
    notice,
    again.area,
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Results" },
      h(
        "table",
        { class: "verdict-history" },
        h("caption", { class: "visually-hidden" }, `Results of ${ticker} by ${strategy.name}, newest first`),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            columns.map(([name, style]) => h(name ? "th" : "td", { class: style, scope: name ? "col" : null }, name)),
          ),
        ),
        rows,
      ),
    ),
    h("div", { class: "row end" }, more),
  ];
}

function row({ as_of, verdict, score, close, created_at, superseded }) {
  return h(
    "tr",
    {},
    h("th", { scope: "row", tabindex: "-1" }, formatDay(as_of)),
    h("td", {}, verdictBadge(verdict), superseded && [" ", supersededBadge()]),
    h("td", { class: "number" }, formatScore(score)),
    h("td", { class: "hide-on-phone" }, scoreBar(score, verdict)),
    h("td", { class: "number hide-on-phone" }, formatPrice(close)),
    h("td", { class: "hide-on-phone" }, h("time", { datetime: created_at }, formatMoment(created_at))),
  );
}
