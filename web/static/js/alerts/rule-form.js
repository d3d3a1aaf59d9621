// The form of a rule: what is watched, on which tickers, when it is told, and where to.

import { api } from "../api.js";
import { byId, fill, h } from "../dom.js";
import { ownedChoice } from "../owned.js";
import { show } from "../states.js";
import { namedStrategies } from "../strategies.js";
import { isTicker, tickersIn } from "../tickers.js";
import { chooseUniverse, offerUniverses } from "../universes.js";
import { field, select } from "../widgets.js";
import { statesOf } from "../words.js";
import { seenTable } from "./seen.js";

/** @type {[string, string][]} */
const KINDS = [
  ["verdict_changed", "A verdict changes"],
  ["price_crossed", "A price crosses a level"],
  ["plan_touched", "A plan's entry, stop or target is reached"],
  ["record_below", "A verdict's record falls"],
  ["prices_stale", "Prices fall behind"],
  ["job_failed", "A job fails"],
  ["schedule_missed", "A schedule misses its time"],
  ["weight_above", "A holding takes too much of a portfolio"],
  ["drawdown_beyond", "A portfolio falls from its highest value"],
  ["rebalancing_due", "The rebalancing of an index is due"],
];
const OF_RESULTS = new Set(["verdict_changed", "plan_touched", "record_below"]);
const OF_PORTFOLIOS = new Set(["weight_above", "drawdown_beyond"]);
const OF_VALUES = new Set(["verdict_changed", "price_crossed", "record_below", ...OF_PORTFOLIOS]);
const OF_NO_TICKERS = new Set(["job_failed", "schedule_missed", "rebalancing_due", ...OF_PORTFOLIOS]);
const VERDICTS = statesOf("verdict").map(([verdict]) => verdict);

const input = (id, value, more = {}) => h("input", { id, name: id, value, autocomplete: "off", ...more });
const number = (id, value, more = {}) => input(id, value ?? "", { type: "number", step: "any", ...more });

/** Some words to choose any of. @param {string} legend @param {string} name @param {[string, string][]} choices @param {string[]} chosen */
function checks(legend, name, choices, chosen) {
  const boxes = choices.map(([value, label]) => h("label", {}, h("input", { type: "checkbox", name, value, checked: chosen.includes(value) }), label));
  return h("fieldset", {}, h("legend", {}, legend), h("div", { class: "checks" }, boxes));
}

/** The fields of the conditions of a kind. */
function conditionFields(kind, told) {
  /** @type {[string, string][]} */
  const verdicts = VERDICTS.map((verdict) => [verdict, verdict]);
  const band = (label, value, max) => field(label, number("dead_band", told.dead_band ?? value, { min: 0, max }));
  if (kind === "verdict_changed")
    return [
      checks("From (none: any)", "from", verdicts, told.from ?? []),
      checks("To (none: any)", "to", verdicts, told.to ?? (told.from ? [] : ["Strong Buy", "Buy"])),
      h("div", { class: "row" }, field("Least move of the score", number("min_score_change", told.min_score_change ?? 0, { min: 0, max: 2 })), band("Dead band of the score", 0.05, 1)),
    ];
  if (kind === "price_crossed")
    return h(
      "div",
      { class: "row" },
      field("Level", number("level", told.level, { min: 0, required: true })),
      field(
        "Direction",
        select(
          "direction",
          [
            ["either", "Either way"],
            ["up", "Upwards"],
            ["down", "Downwards"],
          ],
          told.direction ?? "either",
          null,
        ),
      ),
      band("Dead band in %", 1, 50),
    );
  if (kind === "plan_touched")
    return checks(
      "Levels",
      "levels",
      [
        ["entry", "Entry"],
        ["stop", "Stop"],
        ["target", "Target"],
      ],
      told.levels ?? ["entry", "stop", "target"],
    );
  if (kind === "record_below")
    return h(
      "div",
      { class: "row" },
      field(
        "What falls",
        select(
          "measure",
          [
            ["hit", "Share that was right, in %"],
            ["lift", "Lift over any day, in percentage points"],
          ],
          "lift" in told ? "lift" : "hit",
          null,
        ),
      ),
      field("Below", number("threshold", "lift" in told ? 100 * told.lift : 100 * (told.hit ?? 0.5))),
    );
  if (kind === "prices_stale") return field("Trading days behind", number("trading_days", told.trading_days ?? 5, { min: 1, max: 250, step: 1 }));
  if (kind === "job_failed") return field("Least share of failed items, in %", number("min_failed_percent", told.min_failed_percent ?? 50, { min: 0, max: 100 }));
  if (OF_PORTFOLIOS.has(kind))
    return [
      h(
        "div",
        { class: "row" },
        field(kind === "weight_above" ? "Most of the portfolio, in %" : "Below the highest value, in %", number("percent", told.percent ?? 20, { min: 0, max: 100, required: true })),
        band("Dead band in percentage points", 1, 50),
      ),
      ownedChoice("portfolios", told.portfolios),
      h("p", { class: "small" }, "A portfolio is watched each time that it is valued."),
    ];
  if (kind === "rebalancing_due") return ownedChoice("indexes", told.indexes);
  return h("p", { class: "small" }, "Every schedule of yours is watched.");
}

/** @param {FormData} data @param {any} told - what the rule has already */
function conditionsOf(kind, data, told) {
  const value = (name) => Number(data.get(name));
  const some = (name) => (data.getAll(name).length ? { [name]: data.getAll(name) } : {});
  const kept = told.no_data ? { no_data: told.no_data } : {};
  if (kind === "verdict_changed") return { ...kept, ...some("from"), ...some("to"), min_score_change: value("min_score_change"), dead_band: value("dead_band") };
  if (kind === "price_crossed") return { ...kept, level: value("level"), direction: data.get("direction"), dead_band: value("dead_band") };
  if (kind === "plan_touched") return { ...kept, levels: data.getAll("levels") };
  if (kind === "record_below") return { ...kept, [String(data.get("measure"))]: value("threshold") / 100 };
  if (kind === "prices_stale") return { trading_days: value("trading_days") };
  if (kind === "job_failed") return { ...(told.kinds ? { kinds: told.kinds } : {}), min_failed_percent: value("min_failed_percent") };
  if (OF_PORTFOLIOS.has(kind)) return { ...some("portfolios"), percent: value("percent"), dead_band: value("dead_band") };
  if (kind === "rebalancing_due") return some("indexes");
  return told.schedules ? { schedules: told.schedules } : {};
}

/** The form as the API takes a rule. */
function ruleOf(form, rule) {
  const data = new FormData(form);
  const kind = rule?.on ?? data.get("on");
  const named = tickersIn(String(data.get("tickers") ?? ""));
  const wrong = named.find((ticker) => !isTicker(ticker));
  if (wrong) throw new Error(`${wrong.slice(0, 20)} is no ticker.`);
  return {
    name: data.get("name"),
    on: kind,
    ...(OF_NO_TICKERS.has(kind) ? {} : named.length ? { tickers: named } : { universe: data.get("universe") }),
    ...(OF_RESULTS.has(kind) ? { strategy: data.getAll("strategy").length ? data.getAll("strategy") : ["balanced"] } : {}),
    conditions: conditionsOf(kind, data, rule?.conditions ?? {}),
    for_days: OF_VALUES.has(kind) ? Number(data.get("for_days")) : 0,
    channels: data.getAll("channels"),
    digest: data.has("digest"),
    enabled: rule?.enabled ?? true,
  };
}

/** The channels to choose from; those of the rule that cannot be listed stay. */
async function channelFields(rule) {
  const chosen = rule?.channels ?? [];
  /** @type {[string, string][]} */
  let known = [];
  try {
    const { items } = await api.get("/channels");
    known = items.map((channel) => [channel.id, channel.name]);
  } catch {
    known = chosen.map((id, at) => [id, `Channel ${at + 1}`]);
  }
  const note = known.length
    ? checks("Channels, beside the inbox", "channels", known, chosen)
    : h("p", { class: "small soft" }, "It tells in the inbox. E-mail, webhooks and ntfy can be added on the page ", h("a", { href: "/channels" }, "Channels"), ".");
  const digest = h("label", {}, h("input", { type: "checkbox", name: "digest", checked: rule?.digest ?? true }), "One message at the end of a run, not one for each alert");
  return [note, h("div", { class: "checks" }, digest)];
}

function tickerFields(rule) {
  const universe = select(
    "universe",
    [
      ["watchlist", "The watchlist"],
      ["all", "Every ticker with prices"],
    ],
    "watchlist",
    null,
  );
  if (rule?.universe) chooseUniverse(universe, rule.universe);
  const tickers = h("textarea", { id: "tickers", name: "tickers", rows: 2, spellcheck: false, autocapitalize: "characters", placeholder: "AAPL MSFT" }, (rule?.tickers ?? []).join(" "));
  return { universe, node: h("fieldset", { id: "which-tickers" }, h("legend", {}, "On which tickers"), h("div", { class: "row" }, field("All of", universe), field("or only these", tickers))) };
}

/** Open the form for a new rule, or for a change. `done` is called when the rule is stored. */
export async function openForm(rule, done) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("rule-dialog");
  fill(dialog, h("h2", { id: "rule-title" }, rule ? "Change a rule" : "New rule"));
  dialog.showModal();
  const [strategies, channels] = await Promise.all([namedStrategies().catch(() => /** @type {[string, string][]} */ ([["balanced", "Balanced"]])), channelFields(rule)]);
  const conditions = h("div", { class: "rule-form" });
  const complaint = h("p", { class: "field-problem", role: "alert" });
  const seen = h("div", { role: "status" });
  const { universe, node: tickers } = tickerFields(rule);
  const days = field("Trading days that it must stay so", number("for_days", rule?.for_days ?? 0, { min: 0, max: 250, step: 1 }));
  const which = checks("Strategies", "strategy", strategies, rule?.strategy ?? ["balanced"]);
  const kind = select("on", KINDS, rule?.on ?? "verdict_changed", () => fit());
  kind.disabled = Boolean(rule);
  const fit = () => {
    fill(conditions, conditionFields(kind.value, rule?.conditions ?? {}));
    tickers.hidden = OF_NO_TICKERS.has(kind.value);
    which.hidden = !OF_RESULTS.has(kind.value);
    days.hidden = !OF_VALUES.has(kind.value);
    fill(seen);
  };
  const form = h(
    "form",
    { class: "rule-form", novalidate: true },
    field("Name", input("name", rule?.name ?? "", { maxlength: 100, required: true })),
    field("What to watch", kind),
    tickers,
    which,
    conditions,
    days,
    channels,
    complaint,
    seen,
    h(
      "div",
      { class: "row end rule-buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", onclick: () => preview() }, "What would it see?"),
      h("button", { type: "submit", class: "primary" }, "Store"),
    ),
  );
  const refuse = (error) => fill(complaint, error.words ?? error.message);
  const preview = async () => {
    fill(complaint);
    try {
      const made = ruleOf(form, rule);
      await show(seen, async () => {
        const found = await api.ask("/alert-rules/preview", { ...made, name: made.name || "Preview" });
        return [h("p", { class: "sentence" }, found.sentence), ...seenTable(found)].filter(Boolean);
      });
    } catch (error) {
      refuse(error);
    }
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    fill(complaint);
    button.disabled = true;
    try {
      const { on, enabled, ...made } = ruleOf(form, rule);
      await (rule ? api.patch(`/alert-rules/${rule.id}`, made) : api.post("/alert-rules", { ...made, on, enabled }));
      dialog.close();
      await done();
    } catch (error) {
      refuse(error);
    } finally {
      button.disabled = false;
    }
  });
  fit();
  dialog.append(form);
  offerUniverses(universe);
  form.querySelector("input")?.focus();
}
