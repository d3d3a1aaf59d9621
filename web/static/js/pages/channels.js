// Channels: where messages go, made, tried, changed and deleted; and what became of the messages.

import { api } from "../api.js";
import { listChannels } from "../channels/choices.js";
import { drawDeliveries, filterByChannels, wireDeliveries } from "../channels/deliveries.js";
import { deliveryWords, followDelivery } from "../channels/following.js";
import { edit, startForm } from "../channels/form.js";
import { hideSecret, showSecret } from "../channels/secret.js";
import { typeName } from "../channels/types.js";
import { ask } from "../dialog.js";
import { byId, h, isFocusLost, notify } from "../dom.js";
import { empty, show } from "../states.js";

/** What the last test of a channel came to, by the channel's id. @type {Map<string, string>} */
const outcomes = new Map();
/** @type {Set<string>} */
const tested = new Set();

async function build() {
  const items = await listChannels();
  filterByChannels(items);
  if (!items.length) return empty("No channel yet.", "Add the first one below: your e-mail address, say. Alerts are in their inbox without any.");
  return h("ul", { class: "channels", "aria-label": "Channels" }, items.map(card));
}

const draw = () => show(byId("page"), build, "Looking for channels …");

/** Draw anew after a change. Whoever pressed a button finds it under the focus again. */
async function changed(id, act) {
  try {
    byId("page").replaceChildren(await build());
  } catch {
    await draw(); // which tells the problem
  }
  const pressed = /** @type {HTMLElement | null} */ (document.querySelector(`[data-channel="${CSS.escape(id)}"] [data-act="${act}"]`));
  if (isFocusLost()) (pressed ?? byId("main")).focus();
}

function card(channel) {
  const { id, name, type, url, address, time_zone: zone, enabled, disabled_reason: reason, dead } = channel;
  const button = (label, act, run, more = {}) => h("button", { type: "button", "aria-label": `${label}: ${name}`, dataset: { act }, onclick: run, ...more }, label);
  return h(
    "li",
    { class: "card", dataset: { channel: id } },
    h("div", { class: "row" }, h("h2", {}, name), h("span", { class: "badge" }, typeName(type)), !enabled && h("span", { class: "badge warn" }, "Off")),
    h("p", {}, url ?? address),
    h("p", { class: "small soft" }, `Times in ${zone}`, !enabled && ` · ${reason ?? "switched off"}`),
    enabled && dead > 0 && h("p", { class: "small" }, `The last ${dead === 1 ? "message was" : `${dead} messages were`} given up; three in a row switch it off.`),
    h("p", { class: "outcome", role: "status" }, outcomes.get(id)),
    h(
      "div",
      { class: "row" },
      enabled && button("Test", "test", () => test(channel)),
      enabled ? button("Switch off", "switch", () => turn(channel, false)) : button("Switch on", "switch", () => turn(channel, true)),
      type === "webhook" && button("New secret", "secret", () => replaceSecret(channel)),
      button("Deliveries", "deliveries", () => look(channel)),
      button("Edit", "edit", () => edit(channel)),
      button("Delete", "delete", () => remove(channel), { class: "danger" }),
    ),
  );
}

function tell({ id }, words) {
  outcomes.set(id, words);
  const place = document.querySelector(`[data-channel="${CSS.escape(id)}"] .outcome`);
  if (place) place.textContent = words;
}

async function test(channel) {
  if (tested.has(channel.id)) return;
  tested.add(channel.id);
  tell(channel, "A test message is on its way …");
  try {
    const { id } = await api.post(`/channels/${channel.id}/test`);
    tell(channel, `The test message ${deliveryWords(await followDelivery(id))}`);
    await drawDeliveries();
  } catch (error) {
    tell(channel, `It was not tested. ${error.words ?? error.message}`);
  } finally {
    tested.delete(channel.id);
  }
}

async function turn(channel, enabled) {
  try {
    await api.patch(`/channels/${channel.id}`, { enabled });
    outcomes.delete(channel.id);
    notify(`${channel.name} is switched ${enabled ? "on" : "off: what waits for it is not sent"}.`);
    await changed(channel.id, "switch");
  } catch (error) {
    notify(`${channel.name} was not changed. ${error.words ?? error.message}`, { problem: true });
  }
}

async function replaceSecret(channel) {
  const words = `For a day messages of ${channel.name} are signed with the new secret and with the one before; then with the new one alone.`;
  if ((await ask({ title: "Make a new secret?", words, confirm: "Make it" })) === null) return;
  try {
    showSecret(await api.post(`/channels/${channel.id}/secret`));
  } catch (error) {
    notify(`${channel.name} keeps its secret. ${error.words ?? error.message}`, { problem: true });
  }
}

async function look(channel) {
  await drawDeliveries({ status: "", channel: channel.id });
  byId("deliveries-title").focus();
}

async function remove(channel) {
  const words = `${channel.name} is deleted with its address and secrets, and what waits for it is not sent. What was sent stays to be read for 30 days.`;
  if ((await ask({ title: "Delete this channel?", words, confirm: "Delete", isDanger: true })) === null) return;
  try {
    await api.delete(`/channels/${channel.id}`);
    notify(`${channel.name} is deleted.`);
  } catch (error) {
    notify(`${channel.name} was not deleted. ${error.words ?? error.message}`, { problem: true });
  }
  hideSecret(channel.id);
  edit(null);
  await changed(channel.id, "delete");
}

startForm(async (stored) => {
  await changed(stored.id, "edit");
  if (stored.secret) showSecret(stored);
});
wireDeliveries();
draw();
drawDeliveries();
