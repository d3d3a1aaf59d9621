// The inbox: what rules told, read and unread.

import { api } from "../api.js";
import { lookAtBell } from "../bell.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatCount, formatDay } from "../format.js";
import { ago } from "../moments.js";
import { empty, show } from "../states.js";
import { isTicker } from "../tickers.js";
import { badge } from "../words.js";

const SHOWN = 50;

/** @type {HTMLFormElement} */
const filter = byId("inbox-filter");
const which = /** @type {HTMLSelectElement} */ (byId("inbox-which"));
const rule = /** @type {HTMLSelectElement} */ (byId("inbox-rule"));
const ticker = /** @type {HTMLInputElement} */ (byId("inbox-ticker"));
let newest = "";

/** What is listed, as the API takes it. */
function wanted() {
  return { unread: which.value === "unread" ? "true" : "", rule: rule.value, ticker: isTicker(ticker.value.trim()) ? ticker.value.trim() : "", limit: SHOWN };
}

export function drawInbox() {
  return show(byId("inbox"), async () => {
    const page = await api.get("/alerts", wanted());
    newest = page.items[0]?.id ?? "";
    byId("read-all").toggleAttribute("disabled", !page.items.some((item) => !item.read_at));
    if (!page.items.length) return nothing();
    const list = h("ul", { class: "alert-list" });
    const more = h("div", { class: "row" });
    add(list, more, page);
    return [list, more];
  });
}

function nothing() {
  if (rule.value || ticker.value.trim()) return empty("No such alert", "Choose another rule or ticker, or show all.");
  if (which.value === "unread") return empty("Nothing new", "What rules tell stands here until you have read it. Show all to see what there was.");
  return empty("No alert yet", "A rule tells of what changes after it was made.");
}

function add(list, more, { items, next_cursor: cursor }) {
  list.append(...items.map(line));
  const next = async (event) => {
    event.currentTarget.disabled = true;
    try {
      add(list, more, await api.get("/alerts", { ...wanted(), cursor }));
    } catch (error) {
      event.target.disabled = false;
      notify(`The next alerts did not come. ${error.words ?? error.message}`, { problem: true });
    }
  };
  fill(more, cursor && h("button", { type: "button", onclick: next }, "Show more"));
}

function line(alert) {
  const isRead = Boolean(alert.read_at);
  const where = alert.data.link ?? "";
  const about = alert.ticker ?? alert.rule_name;
  const item = h(
    "li",
    { class: isRead ? "" : "unread", dataset: { alert: alert.id } },
    h(
      "div",
      { class: "told" },
      h("p", { class: "message" }, !isRead && h("span", { class: "visually-hidden" }, "Unread: "), alert.message),
      h(
        "p",
        { class: "small soft" },
        alert.fired_by === "no_data" && [badge("alert", "no_data"), " "],
        `${alert.rule_name} · ${formatDay(alert.day)} · `,
        ago(alert.created_at),
        !alert.told_at && " · waits for the end of the run",
      ),
    ),
    where.startsWith("/") && h("a", { class: "button", href: where, "aria-label": `Look at ${about}` }, "Look"),
    h(
      "button",
      { type: "button", "aria-label": `Mark as ${isRead ? "unread" : "read"}: ${alert.message}`, onclick: (event) => mark(alert, item, event.currentTarget) },
      isRead ? "Mark as unread" : "Mark as read",
    ),
  );
  return item;
}

async function mark(alert, item, button) {
  button.disabled = true;
  try {
    const changed = await api.post(`/alerts/${alert.id}/${alert.read_at ? "unread" : "read"}`);
    const drawn = line(changed);
    item.replaceWith(drawn);
    drawn.querySelector("button")?.focus();
    await lookAtBell();
  } catch (error) {
    button.disabled = false;
    notify(`It could not be marked. ${error.words ?? error.message}`, { problem: true });
  }
}

async function markAll(event) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const { read } = await api.post("/alerts/read-all", newest ? { through: newest } : {});
    notify(`${formatCount(read, "alert is", "alerts are")} marked as read.`);
    await Promise.all([drawInbox(), lookAtBell()]);
  } catch (error) {
    button.disabled = false;
    notify(`They could not be marked. ${error.words ?? error.message}`, { problem: true });
  }
}

/** Offer the rules as a filter. What is chosen stays. */
export function offerRules(rules) {
  const chosen = rule.value;
  rule.replaceChildren(h("option", { value: "" }, "Any"), ...rules.map((each) => h("option", { value: each.id }, each.name)));
  rule.value = rules.some((each) => each.id === chosen) ? chosen : "";
}

export function wireInbox() {
  filter.addEventListener("change", drawInbox);
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    drawInbox();
  });
  byId("read-all").addEventListener("click", markAll);
}
