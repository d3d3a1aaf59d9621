// How many of the watchlist are to buy, to hold, to sell: each count shows only those. And the search within the list.

import { byId, fill, focusedIn, h } from "../dom.js";
import { formatWhole } from "../format.js";
import { PARTS } from "./briefing.js";

/** @type {[key: string, name: string, belongs: (item: any) => boolean][]} */
const GROUPS = [
  ["", "All", () => true],
  ["buy", "Buy", (item) => item.latest?.signal === "BUY"],
  ["hold", "Hold", (item) => item.latest?.signal === "HOLD"],
  ["sell", "Sell", (item) => item.latest?.signal === "SELL"],
  ["none", "No verdict", (item) => !item.latest],
];

/** Those of a group or of a part of the briefing, and of a search in tickers, names and notes; all for an unknown group. */
export function chosenOf(items, { show, q, since }) {
  const part = PARTS.find(({ key }) => key === show);
  const [, , inGroup] = GROUPS.find(([key]) => key === show) ?? GROUPS[0];
  const wanted = q.trim().toLowerCase();
  const isFound = (item) => !wanted || [item.ticker, item.name, item.notes].some((text) => text?.toLowerCase().includes(wanted));
  return items.filter((item) => (part ? part.belongs(item, since) : inGroup(item)) && isFound(item));
}

/** Show the counts; `onChosen(group)` is called when one is pressed. */
export function showSummary(items, chosen, onChosen) {
  const area = byId("summary");
  const had = focusedIn(area)?.dataset.group;
  const chips = GROUPS.map(([key, name, belongs]) => /** @type {const} */ ([key, name, items.filter(belongs).length])).filter(([key, , count]) => count || key === chosen || key !== "none");
  fill(
    area,
    items.length > 0 &&
      chips.map(([key, name, count]) =>
        h(
          "button",
          { type: "button", class: `chip on-paper ${key}`, "aria-pressed": String(key === chosen), dataset: { group: key }, onclick: () => onChosen(key) },
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

/** Say how many are shown: "12 of 40". */
export function showCount(shown, all) {
  byId("count").textContent = !all ? "" : shown === all ? `${formatWhole(all)} followed` : `${formatWhole(shown)} of ${formatWhole(all)}`;
}
