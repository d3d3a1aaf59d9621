// What is known of one ticker's stored prices: gaps, last update, warnings, splits and dividends.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { formatAgo, formatCount, formatDay, formatMoment, formatWhole } from "../format.js";
import { freshnessBadge, freshnessSentence } from "../freshness.js";
import { differenceWords, meaningWords, readDifference } from "../price-checks.js";
import { fetchFacts } from "../provider-words.js";
import { tickerAddress } from "../tickers.js";
import { download } from "../transfer.js";
import { badge } from "../words.js";
import { footing } from "./footing.js";
import { formerPrices, removePrices } from "./former.js";
import { originals } from "./originals.js";
import { warningList } from "./warnings.js";

const GAPS_SHOWN = 8;

/** Load and build it; `choose(ticker)` opens the file picker for the ticker, and `changed()` is called after a change. */
export async function quality(ticker, choose, changed) {
  const found = await api.get(`/prices/${encodeURIComponent(ticker)}/quality`);
  const [actions, difference, files] = await Promise.all([footing(ticker, { isOwn: found.own, changed }), found.fetch ? readDifference(ticker) : null, found.own ? originals(ticker) : null]);
  return h(
    "div",
    { class: "quality" },
    h(
      "dl",
      { class: "facts" },
      facts(found).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
    warningList(found.warnings, { ticker, changed }) ?? h("p", {}, badge("check", "ok"), " No warnings."),
    difference && h("p", { class: "price-difference" }, badge("comparison", "differs"), ` ${differenceWords(difference)} ${meaningWords(difference)}`),
    found.former && formerPrices(found.former, changed),
    gaps(found.gaps, ticker),
    actions,
    files,
    h(
      "div",
      { class: "row" },
      h("a", { class: "button", href: tickerAddress(ticker) }, `Open ${ticker}`),
      h("button", { type: "button", onclick: (event) => save(ticker, event.currentTarget) }, "Download CSV"),
      h("button", { type: "button", onclick: () => choose(ticker) }, "Extend by a file …"),
      found.own && h("button", { type: "button", class: "danger", onclick: () => removePrices(ticker, changed) }, "Delete these prices"),
    ),
  );
}

function facts(found) {
  return [
    ["Bars", formatWhole(found.bars)],
    ["Days", `${formatDay(found.first)} to ${formatDay(found.last)}`],
    ["Freshness", [freshnessBadge(found.freshness, found.last), " ", freshnessSentence(found.freshness, found.last)]],
    ["Last update", found.updated_at ? `${formatMoment(found.updated_at)} (${formatAgo(found.updated_at)})` : "not known"],
    ["Source", found.provider],
    ...fetchFacts(found),
  ];
}

function gaps(list, ticker) {
  if (!list.length) return h("p", { class: "small soft" }, "No gap of more than 10 days.");
  const rows = [...list].sort((one, other) => other.days - one.days || (one.after < other.after ? 1 : -1));
  const body = h("tbody", {}, rows.slice(0, GAPS_SHOWN).map(gapRow));
  const rest = rows.length - GAPS_SHOWN;
  const more =
    rest > 0 &&
    h(
      "button",
      {
        type: "button",
        class: "small",
        onclick: () => {
          body.append(...rows.slice(GAPS_SHOWN).map(gapRow));
          if (more) more.remove();
        },
      },
      `Show ${formatWhole(rest)} more`,
    );
  return h(
    "div",
    { class: "gaps" },
    h("h3", {}, `${formatCount(rows.length, "gap", "gaps")}, the longest first`),
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, `Gaps in the prices of ${ticker}`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Last day before"), h("th", { scope: "col" }, "First day after"), h("th", { scope: "col", class: "number" }, "Days"))),
      body,
    ),
    more,
  );
}

function gapRow(gap) {
  return h("tr", {}, h("td", {}, formatDay(gap.after)), h("td", {}, formatDay(gap.before)), h("td", { class: "number" }, formatWhole(gap.days)));
}

async function save(ticker, button) {
  button.disabled = true;
  try {
    const { name } = await download(`/prices/${encodeURIComponent(ticker)}`, { accept: "text/csv", name: `${ticker}.csv` });
    notify(`${name} is saved.`);
  } catch (error) {
    notify(error.words, { problem: true });
  } finally {
    button.disabled = false;
  }
}
