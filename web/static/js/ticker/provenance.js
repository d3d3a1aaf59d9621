// Where a result comes from: enough to make it again.

import { h } from "../dom.js";
import { formatDay, formatMoment, formatWhole } from "../format.js";

const ADJUSTMENTS = {
  adj_close: "by the source's adjusted closes",
  actions: "by the recorded splits and dividends",
  "adj_close+actions": "by the source's adjusted closes, and by the recorded splits and dividends",
};

export function provenance(result) {
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
  return h(
    "details",
    { class: "card provenance" },
    h("summary", {}, "Provenance"),
    h(
      "dl",
      { class: "pairs" },
      facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
    h("p", { class: "small soft" }, "The same bars, parameters and engine version give the same fingerprint, and the result that is stored for it."),
  );
}
