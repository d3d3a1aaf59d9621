// Where a result comes from: enough to make it again.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatDay, formatMoment, formatWhole } from "../format.js";
import { fetchFacts } from "../provider-words.js";
import { show } from "../states.js";
import { honestyCheck } from "./honesty.js";
import { providersFact } from "./ticker-providers.js";

const ADJUSTMENTS = {
  adj_close: "by the source's adjusted closes",
  actions: "by the recorded splits and dividends",
  "adj_close+actions": "by the source's adjusted closes, and by the recorded splits and dividends",
};

const BASES = { unknown: "not known", as_traded: "as traded", split_adjusted: "restated for later splits" };

/** What is known of the stored prices, by name. */
async function priceFacts(ticker) {
  const path = `/prices/${encodeURIComponent(ticker)}`;
  const [quality, footing, asked] = await Promise.all([api.get(`${path}/quality`), api.get(`${path}/actions`, { limit: 1 }), providersFact(ticker)]);
  return [
    ["Provider", quality.provider],
    ...fetchFacts(quality),
    ...asked,
    ["Prices are", BASES[footing.price_basis] ?? footing.price_basis],
    ["Volumes are", BASES[footing.volume_basis] ?? footing.volume_basis],
    ["Stored", formatMoment(quality.updated_at)],
  ];
}

const pairs = (facts) =>
  h(
    "dl",
    { class: "pairs" },
    facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );

/** The panel; what is known of the prices is asked for when it is opened. */
export function provenance(result, ticker) {
  const { provider, first, last, bars_sha256, adjustment, engine_version } = result.provenance;
  const facts = [
    ["Prices from", provider],
    ["Days", `${formatDay(first)} to ${formatDay(last)}, ${formatWhole(result.bars)} bars`],
    ["Adjustment", ADJUSTMENTS[adjustment] ?? adjustment],
    ["SHA-256 of the bars", h("code", {}, bars_sha256)],
    ["Engine version", engine_version],
    ["Fingerprint", h("code", {}, result.fingerprint)],
    ["Result", h("code", {}, result.id)],
    ["Made", h("time", { datetime: result.created_at }, formatMoment(result.created_at))],
  ];
  const stored = h("div", { class: "stored-facts" });
  const look = () => show(stored, async () => pairs(await priceFacts(ticker)), "Looking where the prices are from …");
  return h(
    "details",
    { class: "card provenance", ontoggle: (event) => event.currentTarget.open && look() },
    h("summary", {}, "Provenance"),
    pairs(facts),
    h("h3", {}, "The stored prices now"),
    stored,
    honestyCheck(result),
    h("p", { class: "small soft" }, "The same bars, parameters and engine version give the same fingerprint, and the result that is stored for it."),
  );
}
