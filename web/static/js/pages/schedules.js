// Schedules: which there are and what they do, what became of their due times, and making, changing and running one.

import { api } from "../api.js";
import { showSecret } from "../channels/secret.js";
import { ask } from "../dialog.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatMoment } from "../format.js";
import { startEvening } from "../schedules/evening.js";
import { calendar, showFirings } from "../schedules/firings.js";
import { edit, startForm } from "../schedules/form.js";
import { empty, show } from "../states.js";

const MOST = 500;

/** @type {string | null} */
let shown = null; // the schedule whose due times are shown

function draw() {
  const build = async () => {
    const { items } = await api.get("/schedules", { limit: MOST });
    if (!items.length) return [empty("Nothing is scheduled yet.", "Set up the evening run above, or make a schedule of your own below.")];
    return [h("ul", { class: "schedules", "aria-label": "Schedules" }, items.map(card)), await calendar(items)];
  };
  return show(byId("page"), build, "Looking for schedules …");
}

function card(schedule) {
  const { id, name, sentence, faults, enabled, next_due_at: next, last_due_at: last } = schedule;
  const button = (label, act, more = {}) => h("button", { type: "button", "aria-label": `${label}: ${name}`, onclick: act, ...more }, label);
  const times = [enabled && next && `Next ${formatMoment(next)}`, last && `last ${formatMoment(last)}`].filter(Boolean).join(" · ");
  return h(
    "li",
    { class: "card", dataset: { schedule: id } },
    h("div", { class: "row" }, h("h2", {}, name), !enabled && h("span", { class: "badge warn" }, "paused")),
    h("p", {}, sentence),
    faults.map(({ message }) => h("p", { class: "small bad" }, message)),
    h("p", { class: "small soft" }, times || "Its due times are skipped."),
    h(
      "div",
      { class: "row" },
      button("Run now", () => run(schedule)),
      button("Due times", () => look(schedule)),
      enabled ? button("Pause", () => change(schedule, "pause", "is paused")) : button("Resume", () => change(schedule, "resume", "goes on")),
      button("Edit", () => edit(schedule)),
      button("Delete", () => remove(schedule), { class: "danger" }),
    ),
  );
}

async function look(schedule) {
  shown = schedule.id;
  await showFirings(schedule, () => changed(schedule));
  document.getElementById("firings-title")?.focus();
}

function focusCard({ id }) {
  const first = /** @type {HTMLElement | null} */ (document.querySelector(`[data-schedule="${CSS.escape(id)}"] button`));
  first?.focus();
}

/** Draw anew after a change, with the due times where they are shown. */
async function changed(schedule) {
  await draw();
  if (shown === schedule.id) await look(schedule);
}

async function run(schedule) {
  try {
    const { state } = await api.post(`/schedules/${schedule.id}/run`, undefined, { headers: { "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) } });
    notify(state === "waiting" ? `${schedule.name} waits for the end of what runs.` : `${schedule.name} runs.`);
    await changed(schedule);
  } catch (error) {
    notify(`${schedule.name} was not run. ${error.words ?? error.message}`, { problem: true });
  }
}

async function change(schedule, command, words) {
  try {
    await api.post(`/schedules/${schedule.id}/${command}`);
    notify(`${schedule.name} ${words}.`);
    await changed(schedule);
  } catch (error) {
    notify(`${schedule.name} was not changed. ${error.words ?? error.message}`, { problem: true });
  }
}

async function remove(schedule) {
  const words = `What became of the due times of ${schedule.name} is deleted with it. Tasks that it has started go on.`;
  if ((await ask({ title: "Delete this schedule?", words, confirm: "Delete", isDanger: true })) === null) return;
  try {
    await api.delete(`/schedules/${schedule.id}`);
    notify(`${schedule.name} is deleted.`);
  } catch (error) {
    notify(`${schedule.name} was not deleted. ${error.words ?? error.message}`, { problem: true });
  }
  if (shown === schedule.id) fill(byId("detail"));
  edit(null);
  await draw();
}

startForm((stored) => changed(stored));
startEvening(async (schedule, channel) => {
  await changed(schedule);
  if (channel) showSecret(channel);
  else focusCard(schedule);
});
draw();
