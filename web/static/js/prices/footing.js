// The splits and distributions of a ticker, and whether its prices and volumes are as traded: shown, told and taken back.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { formatDay, formatPrice, formatWhole } from "../format.js";
import { offerUndo } from "../undo.js";
import { field, select } from "../widgets.js";

const BASES = [
  ["unknown", "not known"],
  ["as_traded", "as traded: they jump at a split"],
  ["split_adjusted", "restated for later splits"],
];
const KINDS = [
  ["split", "Split"],
  ["dividend", "Dividend"],
  ["capital_gain", "Capital gain"],
];
const SOURCES = { user: "you", merge: "merging two files", upload: "the file" };
const TOLD = new Set(Object.keys(SOURCES)); // those that can be put back as they were
const APPLIED = { price: "prices", volume: "volumes" };

/** Load and build the section; `changed()` is called after each change. Bases can be changed where the prices are the organization's own. */
export async function footing(ticker, { isOwn, changed }) {
  const path = `/prices/${encodeURIComponent(ticker)}`;
  const { items, price_basis: price, volume_basis: volume } = await api.get(`${path}/actions`);

  const attempt = async (work) => {
    try {
      await work();
      changed();
    } catch (error) {
      notify(error.words, { problem: true });
    }
  };
  const basis = (name, label, value) => {
    const control = select(`${ticker}-${name}`, BASES, value, () => attempt(() => api.put(`${path}/bases`, { [name]: control.value })));
    control.disabled = !isOwn;
    return field(label, control);
  };
  const remove = (item) =>
    attempt(async () => {
      await api.delete(`${path}/actions/${item.id}`);
      const { kind, effective_day, numerator, denominator, amount, currency } = item;
      const source = TOLD.has(item.source) ? item.source : "user";
      offerUndo(`${inWords(item)} is removed.`, () => attempt(() => api.post(`${path}/actions`, { kind, effective_day, numerator, denominator, amount, currency, source })));
    });

  return h(
    "section",
    { class: "footing", "aria-label": `Splits and dividends of ${ticker}` },
    h("h3", {}, "Splits and dividends"),
    h("div", { class: "row" }, basis("price_basis", "Prices are", price), basis("volume_basis", "Volumes are", volume)),
    h("p", { class: "small soft" }, "An analysis restates what is as traded for the splits below, so that a split is no crash. What is not known is taken as it is."),
    items.length ? table(items, remove, isOwn) : h("p", { class: "small soft" }, "None is known."),
    h(
      "details",
      { id: `${ticker}-add-action` },
      h("summary", {}, "Add a split or dividend"),
      form(ticker, (action) => attempt(() => api.post(`${path}/actions`, action))),
    ),
  );
}

function table(items, remove, isOwn) {
  const row = (item) =>
    h(
      "tr",
      {},
      h("td", {}, formatDay(item.effective_day)),
      h("td", {}, inWords(item)),
      h("td", {}, SOURCES[item.source] ?? item.source),
      h("td", {}, item.applied_to.length ? item.applied_to.map((name) => APPLIED[name]).join(" and ") : ["nothing", item.reason && h("span", { class: "small soft reason" }, item.reason)]),
      h(
        "td",
        {},
        (isOwn || TOLD.has(item.source)) &&
          h("button", { type: "button", class: "quiet", "aria-label": `Remove ${inWords(item)} of ${formatDay(item.effective_day)}`, onclick: () => remove(item) }, "Remove"),
      ),
    );
  const heads = ["First day at the new price", "What", "Source", "An analysis restates", ""];
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Splits and dividends" },
    h(
      "table",
      { class: "actions" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((name) => (name ? h("th", { scope: "col" }, name) : h("td", {}))),
        ),
      ),
      h("tbody", {}, [...items].reverse().map(row)),
    ),
  );
}

function form(ticker, tell) {
  const input = (name, attributes) => h("input", { id: `${ticker}-${name}`, autocomplete: "off", ...attributes });
  const day = input("day", { type: "date", required: true });
  const many = { type: "number", min: "1", max: "1000", step: "1", inputmode: "numeric" };
  const numerator = input("numerator", many);
  const denominator = input("denominator", { ...many, value: "1" });
  const amount = input("amount", { type: "number", min: "0", step: "any", inputmode: "decimal" });
  const currency = input("currency", { maxlength: "3", pattern: "[A-Za-z]{3}", title: "Three letters, as USD", size: "4", autocapitalize: "characters" });
  const terms = h("div", { class: "row" }, field("New shares", numerator), field("for old", denominator));
  const paid = h("div", { class: "row" }, field("Per share, as paid", amount), field("Currency (if you like)", currency));
  const dayField = field("First day at the new price", day);
  const kind = select(`${ticker}-kind`, KINDS, "split", () => show());

  function show() {
    const isSplit = kind.value === "split";
    terms.hidden = !isSplit;
    paid.hidden = isSplit;
    numerator.required = denominator.required = isSplit;
    amount.required = !isSplit;
    /** @type {HTMLElement} */ (dayField.firstElementChild).textContent = isSplit ? "First day at the new price" : "Ex-dividend day";
  }
  show();
  return h(
    "form",
    {
      class: "row",
      onsubmit: (event) => {
        event.preventDefault();
        const size =
          kind.value === "split" ? { numerator: Number(numerator.value), denominator: Number(denominator.value) } : { amount: Number(amount.value), currency: currency.value.toUpperCase() || null };
        tell({ kind: kind.value, effective_day: day.value, ...size });
      },
    },
    field("Kind", kind),
    dayField,
    terms,
    paid,
    h("button", { type: "submit" }, "Add"),
  );
}

function inWords({ kind, numerator, denominator, amount, currency }) {
  const name = KINDS.find(([value]) => value === kind)?.[1] ?? kind;
  return kind === "split" ? `${name} ${formatWhole(numerator)}:${formatWhole(denominator)}` : `${name} ${formatPrice(amount)}${currency ? ` ${currency}` : ""}`;
}
