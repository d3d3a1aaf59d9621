// How many of the watchlist are to buy, to hold, to sell: each count shows only those.

import { byId, fill, focusedIn, h } from "../dom.js";
import { formatWhole } from "../format.js";

const GROUPS = [
  ["", "All", () => true],
  ["buy", "Buy", (item) => item.latest?.signal === "BUY"],
  ["hold", "Hold", (item) => item.latest?.signal === "HOLD"],
  ["sell", "Sell", (item) => item.latest?.signal === "SELL"],
  ["none", "No verdict", (item) => !item.latest],
];

/** Those of a group; all for an unknown one. */
export function inGroup(items, group) {
  const [, , belongs] = GROUPS.find(([key]) => key === group) ?? GROUPS[0];
  return items.filter(belongs);
}

/** Show the counts; `onChosen(group)` is called when one is pressed. */
export function showSummary(items, chosen, onChosen) {
  const area = byId("summary");
  const had = focusedIn(area)?.dataset.group;
  const chips = GROUPS.map(([key, name, belongs]) => [key, name, items.filter(belongs).length]).filter(([key, , count]) => count || key === chosen || ["buy", "hold", "sell", ""].includes(key));
  fill(
    area,
    items.length > 0 &&
      chips.map(([key, name, count]) =>
        h(
          "button",
          { type: "button", class: `chip ${key}`, "aria-pressed": String(key === chosen), dataset: { group: key }, onclick: () => onChosen(key) },
          h("strong", {}, formatWhole(count)),
          ` ${name}`,
        ),
      ),
  );
  if (had === undefined) return;
  /** @type {HTMLElement | null} */
  const again = area.querySelector(`[data-group="${CSS.escape(had)}"]`);
  again?.focus();
}
