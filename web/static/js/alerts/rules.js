// The rules: what each does, where it stands, and what it would see now.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatDay, formatWhole, numbers } from "../format.js";
import { empty, show } from "../states.js";
import { knowStrategies, strategyName } from "../strategies.js";
import { badge } from "../words.js";
import { drawInbox, offerRules } from "./inbox.js";
import { openForm } from "./rule-form.js";
import { seenTable } from "./seen.js";

const STATES_SHOWN = 200;
const value = numbers({ maximumFractionDigits: 2 });

/** When a state began; or why the condition is met though nothing was told. */
function begun(rule, item) {
  if (item.holds && item.state === "normal") return rule.on === "verdict_changed" ? "met, not told" : "met, not told: it was so when the rule began";
  return item.since ? `since ${formatDay(item.since)}` : "";
}

export function drawRules() {
  return show(byId("rules"), async () => {
    const [{ items }] = await Promise.all([api.get("/alert-rules"), knowStrategies()]);
    offerRules(items);
    if (!items.length) return empty("No rule yet", "Make one: choose what to watch, on which tickers, and when to be told.");
    return h("ul", { class: "rule-list" }, items.map(line));
  });
}

function line(rule) {
  const detail = h("div", { role: "status" });
  const command = (name, act, kind) => h("button", { type: "button", class: kind, "aria-label": `${name}: ${rule.name}`, onclick: (event) => act(event.currentTarget) }, name);
  return h(
    "li",
    { class: rule.enabled ? "" : "off", dataset: { rule: rule.id } },
    h("h3", {}, rule.name),
    h("p", {}, rule.sentence),
    h(
      "p",
      { class: "small" },
      Object.entries(rule.states).flatMap(([state, number]) => (number ? [badge("alert", state), ` ${formatWhole(number)} `] : [])),
    ),
    h(
      "div",
      { class: "row" },
      command("Test", () => tryOut(rule, detail)),
      command("Where it stands", () => look(rule, detail)),
      command("Change", () => openForm(rule, drawRules)),
      command(rule.enabled ? "Switch off" : "Switch on", (button) => change(rule, button)),
      command("Delete", () => remove(rule), "danger"),
    ),
    detail,
  );
}

async function tryOut(rule, detail) {
  await show(detail, async () => {
    const { preview } = await api.post(`/alert-rules/${rule.id}/test`, {});
    const send = async (event) => {
      event.currentTarget.disabled = true;
      try {
        await api.post(`/alert-rules/${rule.id}/test`, { send: true });
        notify("A test message is on its way to the channels of the rule.");
      } catch (error) {
        notify(`No test message was sent. ${error.words ?? error.message}`, { problem: true });
      }
    };
    return [...seenTable(preview), rule.channels.length > 0 && h("button", { type: "button", onclick: send }, "Send a test message")].filter(Boolean);
  });
}

async function look(rule, detail) {
  await show(detail, async () => {
    const { items, next_cursor: more } = await api.get(`/alert-rules/${rule.id}/states`, { limit: STATES_SHOWN });
    if (!items.length) return h("p", { class: "small" }, "It has seen nothing yet: it waits for the next analysis or the next prices.");
    const subject = (item) => (item.link ? h("a", { href: item.link }, item.name) : item.name);
    const row = (item) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, subject(item)),
        h("td", {}, item.strategy ? strategyName(item.strategy) : ""),
        h("td", {}, badge("alert", item.state)),
        h("td", { class: "number" }, item.value === null ? "" : value.format(item.value)),
        h("td", {}, begun(rule, item)),
      );
    const table = h("table", { class: "seen-table" }, h("caption", { class: "visually-hidden" }, "Where the rule stands"), h("tbody", {}, items.map(row)));
    return [h("div", { class: "table-scroll" }, table), more && h("p", { class: "small soft" }, `The first ${STATES_SHOWN}.`)].filter(Boolean);
  });
}

async function change(rule, button) {
  button.disabled = true;
  try {
    await api.patch(`/alert-rules/${rule.id}`, { enabled: !rule.enabled });
    await drawRules();
    /** @type {HTMLElement | null} */ (byId("rules").querySelector(`[data-rule="${rule.id}"] button`))?.focus();
  } catch (error) {
    button.disabled = false;
    notify(`The rule was not changed. ${error.words ?? error.message}`, { problem: true });
  }
}

async function remove(rule) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("delete-dialog");
  fill(byId("delete-what"), `${rule.name} tells nothing more. What it told stays in the inbox.`);
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "delete") return;
  try {
    await api.delete(`/alert-rules/${rule.id}`);
    notify(`${rule.name} is deleted.`);
  } catch (error) {
    notify(`${rule.name} was not deleted. ${error.words ?? error.message}`, { problem: true });
  }
  await Promise.all([drawRules(), drawInbox()]);
}

export function wireRules() {
  byId("new-rule").addEventListener("click", () => openForm(null, drawRules));
}
