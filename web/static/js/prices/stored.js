// What is stored: a list to search, each ticker of which opens to what is known of its prices.

import { api } from "../api.js";
import { byId, fill, focusedIn, h } from "../dom.js";
import { formatAgo, formatDay, formatWhole } from "../format.js";
import { freshnessBadge } from "../freshness.js";
import { howToConfigure, PriceRefresh } from "../price-refresh.js";
import { readProviders } from "../providers.js";
import { oneStopPerRow } from "../rows.js";
import { empty, problem, show } from "../states.js";
import { readUrl, writeUrl } from "../url-state.js";
import { field } from "../widgets.js";
import { deletedPrices } from "./former.js";
import { quality } from "./quality.js";

const DEFAULTS = { q: "", ticker: "" };
const PAGE = 100;
const TYPING_MILLISECONDS = 250;
const COLUMNS = 6;

/** Build an element anew, with the focus and the open details where they were. */
async function keepPlace(element, build) {
  const focused = focusedIn(element)?.id;
  const open = [...element.querySelectorAll("details[open][id]")].map((details) => details.id);
  await build();
  for (const id of open) byId(id)?.setAttribute("open", "");
  if (focused) byId(focused)?.focus();
}

/** The card of what is stored. `choose(ticker)` opens the file picker for a ticker, and `onDeleted(ticker)` hears of prices that were deleted. Has `reload()`. */
export function storedPrices(choose, onDeleted) {
  let at = readUrl(DEFAULTS);
  if (at.ticker) at.q ||= at.ticker; // a link to one ticker must find it among thousands
  /** @type {number | undefined} */
  let timer;
  let asked = 0;

  const search = h("input", { id: "stored-search", type: "search", value: at.q, maxlength: "100", placeholder: "Ticker or name", autocomplete: "off", spellcheck: "false", oninput: () => typed() });
  const body = h("div", { id: "stored-list" });
  const below = h("div", { id: "deleted-list" });
  const refresh = new PriceRefresh({ order: () => ({ universe: "all" }), onEnd: () => reload() });
  const hint = h("div", {});
  const count = h("p", { class: "small soft", id: "stored-count", role: "status" });
  const element = h(
    "section",
    { class: "card", "aria-labelledby": "stored-title" },
    h("div", { class: "spread" }, h("h2", { id: "stored-title" }, "Stored"), h("div", { class: "row" }, count, refresh.button)),
    refresh.area,
    hint,
    h(
      "form",
      {
        class: "row",
        onsubmit: (event) => {
          event.preventDefault();
          reload();
        },
      },
      field("Find", search),
    ),
    body,
    below,
  );

  function typed() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      at = { q: search.value.trim(), ticker: "" };
      writeUrl(at, DEFAULTS, { push: false });
      reload();
    }, TYPING_MILLISECONDS);
  }

  function reload() {
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    const first = body.firstElementChild?.matches(".table-scroll") ? quietly : show; // a list that is there stays until its successor has come
    return first(
      body,
      async () => {
        const page = await api.get("/tickers", { q: at.q, limit: PAGE, stored: true });
        if (mine !== asked) throw new DOMException("Asked again.", "AbortError");
        deletedPrices(reload).then(
          (section) => fill(below, section),
          () => fill(below), // the list itself says what is wrong
        );
        return list(page);
      },
      "Looking at what is stored …",
    );
  }

  async function quietly(target, load, _words = "", again = () => reload()) {
    try {
      fill(target, await load());
    } catch (error) {
      if (error.name !== "AbortError") fill(target, problem(error, again));
    }
  }

  function list(page) {
    if (!page.items.length) {
      count.textContent = "";
      if (at.q) return empty(`Nothing is stored that fits “${at.q}”.`, "Look for the start of a ticker or a part of a name, or upload a file for it above.");
      return empty("No prices are stored yet.", "Drop CSV files above: one ticker each.");
    }
    const rows = oneStopPerRow(h("tbody"), "tr:not(.detail)");
    const more = h("div", { class: "row" });
    let shown = 0;
    const add = ({ items, next_cursor: cursor }) => {
      for (const item of items) rows.append(...itemRows(item));
      shown += items.length;
      count.textContent = `${formatWhole(shown)}${cursor ? "+" : ""} ${shown === 1 ? "ticker" : "tickers"}`;
      fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show more"));
    };
    const next = async (cursor, button) => {
      button.disabled = true;
      try {
        add(await api.get("/tickers", { q: at.q, limit: PAGE, stored: true, cursor }));
      } catch (error) {
        fill(
          more,
          problem(error, () => next(cursor, button)),
        );
      }
    };
    add(page);
    const heads = [["Ticker"], ["Name", "hide-on-phone"], ["Bars", "number"], ["First day", "hide-on-phone"], ["Last day"], ["Source", "hide-on-phone"]];
    return [
      h(
        "div",
        { class: "table-scroll" },
        h(
          "table",
          { class: "stored-table" },
          h("caption", { class: "visually-hidden" }, "Stored prices by ticker"),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)),
            ),
          ),
          rows,
        ),
      ),
      more,
    ];
  }

  function itemRows(item) {
    const detail = h("td", { colspan: COLUMNS });
    const under = h("tr", { class: "detail", id: `detail-${item.ticker}`, hidden: true }, detail);
    const toggle = h("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": under.id, onclick: () => open(under.hidden) }, item.ticker);
    const look = () => show(detail, () => quality(item.ticker, choose, changed), "Looking for gaps …");
    const changed = ({ deleted = false, restored = false } = {}) => {
      if (deleted) onDeleted(item.ticker);
      if (deleted || restored) reload();
      else keepPlace(detail, () => quietly(detail, () => quality(item.ticker, choose, changed), "", look));
    };
    const open = (isOpen, push = true) => {
      under.hidden = !isOpen;
      toggle.setAttribute("aria-expanded", String(isOpen));
      at = { ...at, ticker: isOpen ? item.ticker : "" };
      if (push) writeUrl({ ...at, q: search.value.trim() }, DEFAULTS, { push: false });
      if (isOpen) look();
    };
    if (at.ticker.toUpperCase() === item.ticker) open(true, false);
    return [
      h(
        "tr",
        {},
        h("th", { scope: "row" }, toggle, h("span", { class: "small soft only-on-phone" }, item.name)),
        h("td", { class: "name hide-on-phone" }, item.name ?? "–"),
        h("td", { class: "number" }, formatWhole(item.bars)),
        h("td", { class: "hide-on-phone" }, formatDay(item.first)),
        h("td", {}, formatDay(item.last), h("span", { class: "small soft ago" }, formatAgo(item.last)), freshnessBadge(item.freshness, item.last)),
        h("td", { class: "hide-on-phone" }, item.provider),
      ),
      under,
    ];
  }

  reload();
  refresh.offer().then(async (isOffered) => {
    const providers = isOffered ? [] : await readProviders().catch(() => []);
    if (providers.length) howToConfigure(hint, providers);
  });
  return { element, reload };
}
