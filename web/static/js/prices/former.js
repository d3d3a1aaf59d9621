// Prices that were replaced or deleted: for a week they can be put back.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { formatCount, formatDay, formatMoment } from "../format.js";
import { offerUndo } from "../undo.js";

const pathOf = (ticker) => `/prices/${encodeURIComponent(ticker)}`;

/** Put the former prices of a ticker back. Resolves to true when they are; says why not. */
export async function restore(ticker) {
  try {
    await api.post(`${pathOf(ticker)}/restore`);
    notify(`The former prices of ${ticker} are back.`);
    return true;
  } catch (error) {
    notify(error.words, { problem: true });
    return false;
  }
}

/** Delete the prices of a ticker, with a way back. `changed()` hears of both. */
export async function removePrices(ticker, changed) {
  try {
    await api.delete(pathOf(ticker));
  } catch (error) {
    notify(error.words, { problem: true });
    return;
  }
  changed({ deleted: true });
  offerUndo(`The prices of ${ticker} are deleted; results stay. They can be restored for 7 days.`, async () => {
    if (await restore(ticker)) changed({ restored: true });
  });
}

/** What was stored before, with a button that puts it back. */
export function formerPrices(former, changed) {
  const extent = `${formatCount(former.bars, "bar", "bars")}, ${formatDay(former.first)} to ${formatDay(former.last)}`;
  return h(
    "div",
    { class: "former row" },
    h("span", { class: "small" }, `${former.deleted ? "Deleted" : "Replaced"} on ${formatMoment(former.replaced_at)}: ${extent}. Kept until ${formatMoment(former.kept_until)}.`),
    h(
      "button",
      {
        type: "button",
        "aria-label": `Restore ${former.ticker}`,
        onclick: async (event) => {
          const button = event.currentTarget;
          button.disabled = true;
          if (await restore(former.ticker)) changed({ restored: true });
          else button.disabled = false;
        },
      },
      "Restore",
    ),
  );
}

/** Load the tickers that were deleted, as a section; null where there is none. */
export async function deletedPrices(changed) {
  const { items } = await api.get("/former-prices", { limit: 500 });
  const deleted = items.filter((item) => item.deleted);
  if (!deleted.length) return null;
  return h(
    "section",
    { class: "deleted", "aria-labelledby": "deleted-title" },
    h("h3", { id: "deleted-title" }, "Deleted in the last 7 days"),
    deleted.map((item) => h("div", { class: "row", dataset: { ticker: item.ticker } }, h("strong", {}, item.ticker), formerPrices(item, changed))),
  );
}
