// The trades of a backtest as a table, newest first.

import { fill, h } from "../dom.js";
import { formatReturn, table } from "../evidence/figures.js";
import { formatDay, formatPrice, formatWhole } from "../format.js";

const SHOWN = 10;
/** @type {Record<string, string>} */
const REASONS = { signal: "Verdict", stop: "Stop", target: "Target", ruin: "All capital lost", end: "Still open" };

const toned = (value, text) => h("span", { class: value > 0 ? "up" : value < 0 ? "down" : "" }, text);

export function tradeTable({ ticker, trades }) {
  if (!trades.length) return h("p", { class: "soft" }, "No trade: no verdict called for one in this period.");
  const newest = [...trades].reverse();
  const columns = [
    { title: "Bought", cell: ({ side, entry_day: day }) => (side === "short" ? [formatDay(day), " ", h("span", { class: "badge" }, "sold short")] : formatDay(day)) },
    { title: "At", style: "number", cell: ({ entry_price: price }) => formatPrice(price) },
    { title: "Left", cell: ({ exit_day: day, open }) => (open ? h("span", { class: "badge warn" }, "Still open") : formatDay(day)) },
    { title: "At", style: "number", cell: ({ exit_price: price }) => formatPrice(price) },
    { title: "Because of", cell: ({ reason }) => REASONS[reason] ?? reason },
    { title: "Return", style: "number", cell: ({ return: net }) => toned(net, formatReturn(net)) },
    { title: "Profit", style: "number", cell: ({ profit }) => toned(profit, formatWhole(profit)) },
    { title: "Days held", style: "number", cell: ({ bars }) => formatWhole(bars) },
  ];
  const place = h("div", {});
  const draw = (count) => fill(place, table(`Trades on ${ticker}, newest first`, columns, newest.slice(0, count), { style: "as-cards" }));
  draw(SHOWN);
  const more = h("button", { type: "button", hidden: newest.length <= SHOWN }, `Show all ${formatWhole(newest.length)} trades`);
  more.addEventListener("click", () => {
    draw(newest.length);
    more.hidden = true;
    /** @type {HTMLElement | null} */ (place.querySelector(".table-scroll"))?.focus(); // or the focus is lost with the button
  });
  return [place, more];
}
