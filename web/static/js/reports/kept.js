// Reports that are made by a job and kept: a form that asks for one, and the list.

import { api } from "../api.js";
import { onReturn } from "../connection.js";
import { fill, h, notify } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { forPeople } from "../problem-words.js";
import { aboutReport } from "../report-words.js";
import { oneStopPerRow } from "../rows.js";
import { empty, problem, show } from "../states.js";
import { suggestionsFor } from "../ticker-suggestions.js";
import { isTicker } from "../tickers.js";
import { formatBytes, saveFor } from "../transfer.js";
import { chooseUniverse, offerUniverses } from "../universes.js";
import { field, select } from "../widgets.js";
import { badge } from "../words.js";

const PAGE = 25;
const POLL_MILLISECONDS = 1500;
const MADE = new Set(["ready", "failed"]);
const FORMATS = /** @type {[string, string][]} */ ([
  ["xlsx", "Excel"],
  ["csv", "CSV"],
  ["json", "JSON"],
]);
const TYPES = /** @type {[string, string][]} */ ([
  ["screener", "The latest verdicts"],
  ["ticker", "One ticker"],
  ["evidence", "The record of one ticker"],
  ["universe", "The record over a universe"],
]);
const UNIVERSES = /** @type {[string, string][]} */ ([
  ["all", "All tickers"],
  ["watchlist", "Watchlist"],
]);

/** The card. `strategies` are [id, name] pairs. Has `element`, and `ask(body)`, which asks for a report. */
export function keptReports(strategies) {
  const body = h("div", { id: "kept-list" });
  /** @type {number | undefined} */
  let timer;

  async function ask(wanted) {
    try {
      await api.post("/reports", wanted);
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
      return false;
    }
    notify("The report is being made; it is in the list of kept reports.");
    await reload();
    return true;
  }

  function reload() {
    clearTimeout(timer);
    return show(body, async () => list(await api.get("/reports", { limit: PAGE })), "Looking for reports …");
  }

  async function poll() {
    if (!body.isConnected) return;
    try {
      fill(body, list(await api.get("/reports", { limit: PAGE })));
    } catch {
      follow(); // the list stays; whether the service answers is told by the page
    }
  }

  function follow() {
    clearTimeout(timer);
    timer = setTimeout(poll, POLL_MILLISECONDS);
  }

  function list(page) {
    if (!page.items.length) return empty("No reports are kept.", "Make one with the form, or keep that of a job above.");
    if (page.items.some((report) => !MADE.has(report.state))) follow();
    const rows = oneStopPerRow(h("tbody", {}, page.items.map(row)));
    const more = h("div", { class: "row" });
    const offer = (cursor) => fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show older"));
    const next = async (cursor, button) => {
      button.disabled = true;
      try {
        const older = await api.get("/reports", { limit: PAGE, cursor });
        rows.append(...older.items.map(row));
        offer(older.next_cursor);
      } catch (error) {
        fill(
          more,
          problem(error, () => next(cursor, button)),
        );
      }
    };
    offer(page.next_cursor);
    const heads = [["Report"], ["State"], ["Size", "number hide-on-phone"], ["Kept until", "hide-on-phone"], ["File"]];
    return [
      h(
        "div",
        { class: "table-scroll" },
        h(
          "table",
          { class: "kept-table" },
          h("caption", { class: "visually-hidden" }, "Kept reports, newest first"),
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

  function row(report) {
    const title = aboutReport(report);
    const path = `/reports/${encodeURIComponent(report.id)}`;
    const named = (what) => `${what}: ${title}, ${formatMoment(report.created_at)}`;
    const save = h("button", { type: "button", "aria-label": named("Download"), onclick: () => saveFor(save, `${path}/file`, { name: report.file?.name }) }, "Download");
    const remove = h("button", { type: "button", "aria-label": named("Remove"), onclick: () => removeReport(path, remove) }, "Remove");
    const format = FORMATS.find(([id]) => id === report.format)?.[1] ?? report.format;
    return h(
      "tr",
      { dataset: { report: report.id } },
      h("td", {}, h("div", {}, title), h("div", { class: "small soft" }, `${format}, ${formatMoment(report.created_at)} (${formatAgo(report.created_at)})`)),
      h("td", {}, badge("report", report.state), report.reason && h("div", { class: "small soft" }, forPeople(report.reason, report.error?.code ?? ""))),
      h("td", { class: "number hide-on-phone" }, report.file ? formatBytes(report.file.bytes) : "–"),
      h("td", { class: "hide-on-phone" }, formatMoment(report.expires_at)),
      h("td", {}, h("div", { class: "row" }, report.file && save, remove)),
    );
  }

  async function removeReport(path, button) {
    button.disabled = true;
    try {
      await api.delete(path);
    } catch (error) {
      notify(error.words ?? error.message, { problem: true });
      button.disabled = false;
      return;
    }
    notify("The report is removed.");
    reload();
  }

  reload();
  onReturn(() => body.isConnected && reload());
  const element = h(
    "section",
    { class: "card", "aria-labelledby": "kept-title" },
    h("h2", { id: "kept-title" }, "Kept reports"),
    h("p", { class: "soft small" }, "Made by a job, so that you need not wait, and kept for a while with the figures of the moment when they were made."),
    form(strategies, ask),
    body,
  );
  return { element, ask };
}

function form(strategies, ask) {
  const type = select("kept-type", TYPES, "screener", () => adapt());
  const ticker = h("input", { id: "kept-ticker", maxlength: "20", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": "kept-problem" });
  const universe = select("kept-universe", UNIVERSES, "all", () => {});
  chooseUniverse(universe, "all");
  offerUniverses(universe);
  const strategy = select("kept-strategy", strategies, "balanced", () => {});
  const format = select("kept-format", FORMATS, "xlsx", () => {});
  const words = h("p", { class: "field-problem", id: "kept-problem" });
  const submit = h("button", { type: "submit", class: "primary", id: "keep-report" }, "Make and keep");
  const tickerField = h("div", { class: "field" }, h("label", { for: ticker.id }, "Ticker"), ticker, suggestionsFor(ticker), words);
  const universeField = field("Universe", universe);

  function adapt() {
    const isOfTicker = type.value === "ticker" || type.value === "evidence";
    tickerField.hidden = !isOfTicker;
    universeField.hidden = isOfTicker;
    words.textContent = "";
  }

  function wanted() {
    const common = { format: format.value };
    const symbol = ticker.value.trim().toUpperCase();
    if (type.value === "screener") return { ...common, type: "screener", filter: { universe: universe.value, strategy: strategy.value } };
    if (type.value === "universe") return { ...common, type: "evidence", universe: universe.value, strategy: strategy.value };
    return { ...common, type: type.value, ticker: symbol, strategy: strategy.value };
  }

  const element = h(
    "form",
    {
      class: "report-form",
      novalidate: "",
      onsubmit: async (event) => {
        event.preventDefault();
        const body = wanted();
        const isWrong = "ticker" in body && !isTicker(body.ticker);
        words.textContent = isWrong ? "Which ticker?" : "";
        ticker.setAttribute("aria-invalid", String(isWrong));
        if (isWrong) return ticker.focus();
        submit.disabled = true;
        await ask(body);
        submit.disabled = false;
      },
    },
    field("About", type),
    tickerField,
    universeField,
    field("Strategy", strategy),
    field("Format", format),
    submit,
  );
  adapt();
  return element;
}
