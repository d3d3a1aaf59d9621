// What an earlier tool said of the ticker, where its database was imported: a fold that is not there for others.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { formatMoment, formatPrice, formatScore } from "../format.js";
import { show } from "../states.js";
import { knowStrategies, strategyName } from "../strategies.js";
import { verdictBadge } from "../widgets.js";

const PAGE = 10;
const COLUMNS = [["Said"], ["Verdict"], ["Strategy", "hide-on-phone"], ["Score", "number"], ["Entry", "number hide-on-phone"], ["Stop", "number hide-on-phone"], ["Target", "number hide-on-phone"]];

/** The fold; null where nothing was imported for the ticker. */
export async function earlierVerdicts(ticker) {
  const ask = (cursor = "") => api.get("/imported-results", { ticker, limit: PAGE, cursor });
  const first = await ask();
  if (!first.items.length) return null;
  await knowStrategies();
  const rows = h("tbody", {});
  let { next_cursor: cursor } = first;
  const more = h("button", { type: "button", hidden: cursor === null, onclick: next }, "Load more");
  rows.append(...first.items.flatMap(lines));

  async function next() {
    more.disabled = true;
    try {
      const page = await ask(cursor);
      const newest = rows.children.length;
      rows.append(...page.items.flatMap(lines));
      cursor = page.next_cursor;
      more.hidden = cursor === null;
      if (more.hidden) rows.children[newest]?.querySelector("th")?.focus(); // or the focus is lost with the button
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
    } finally {
      more.disabled = false;
    }
  }

  const table = h(
    "table",
    {},
    h("caption", { class: "visually-hidden" }, `What the earlier tool said of ${ticker}, newest first`),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        COLUMNS.map(([name, style]) => h("th", { scope: "col", class: style }, name)),
      ),
    ),
    rows,
  );
  return h(
    "details",
    { class: "card earlier-verdicts" },
    h("summary", {}, "Verdicts of the earlier tool"),
    h("p", { class: "small soft" }, "Imported from its database, as it said them. They are no results of this engine: no record counts them, and they are not compared with the others."),
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Verdicts of the earlier tool" }, table),
    h("div", { class: "row end" }, more),
  );
}

/** A verdict, and what the tool kept beside it, unfolded below. */
function lines(found) {
  const { id, analysed_at: said, verdict, strategy, score, entry, stop_loss: stop, target, is_whole: isWhole } = found;
  const inside = h("div", {});
  const fold = h(
    "details",
    { class: "small", ontoggle: () => fold.open && show(inside, () => kept(id), "Looking …") },
    h("summary", { "aria-label": `Kept beside the verdict of ${formatMoment(said)}` }, "Kept beside it"),
    inside,
  );
  return [
    h(
      "tr",
      {},
      h("th", { scope: "row", tabindex: "-1" }, h("time", { datetime: said }, formatMoment(said))),
      h("td", {}, verdictBadge(verdict), !isWhole && [" ", h("span", { class: "badge warn" }, "Read in part")]),
      h("td", { class: "hide-on-phone" }, strategy ? strategyName(strategy) : "–"),
      h("td", { class: "number" }, formatScore(score)),
      [entry, stop, target].map((price) => h("td", { class: "number hide-on-phone" }, formatPrice(price))),
    ),
    h("tr", {}, h("td", { colspan: String(COLUMNS.length) }, fold)),
  ];
}

async function kept(id) {
  const { details, imported_at: imported } = await api.get(`/imported-results/${id}`);
  const told = Object.keys(details).length ? h("pre", { class: "small" }, JSON.stringify(details, null, 1)) : h("p", { class: "soft" }, "Nothing.");
  return [told, h("p", { class: "small soft" }, `Imported ${formatMoment(imported)}.`)];
}
