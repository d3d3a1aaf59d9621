// The form of a schedule: a new one, or changes of one, with the next times of what it says.

import { api } from "../api.js";
import { offerChannels } from "../channels/choices.js";
import { byId, fill, h, notify } from "../dom.js";
import { problemOf } from "../form-problem.js";
import { formatMoment } from "../format.js";
import { ownedChoice, ownedIn } from "../owned.js";
import { offerStrategies } from "../strategies.js";
import { chooseUniverse, offerUniverses } from "../universes.js";
import { afterClose } from "./after-close.js";

const PAUSE = 300; // milliseconds after a key, before the next times are asked for
const HOUR = 3600;
const OF_OWNED = /** @type {Record<string, "portfolios" | "indexes">} */ ({ portfolio_valuation: "portfolios", index_rebalancing: "indexes" });
const complain = problemOf("schedule-problem", {
  name: "schedule-name",
  cron: "schedule-cron",
  time_zone: "schedule-zone",
  after_close: "schedule-minutes",
  calendar: "schedule-calendar",
  catch_up: "schedule-catch-up",
  channels: "schedule-channel",
  params: "schedule-params",
});

/** @type {HTMLFormElement} */
const form = byId("schedule-form");
/** @type {(name: string) => HTMLInputElement} */
const control = (name) => byId(`schedule-${name}`);
/** @type {any} */
let edited = null;
let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

const chosenForm = () => /** @type {HTMLInputElement} */ (form.querySelector("input[name=form]:checked")).value;

/** Show the fields of the chosen action and form of times. */
function arrange() {
  const action = control("action").value;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-of]"))) part.hidden = !part.dataset.of?.split(" ").includes(action);
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-form]"))) part.hidden = part.dataset.form !== chosenForm();
}

function when() {
  if (chosenForm() === "cron") return { cron: control("cron").value.trim(), time_zone: control("zone").value.trim() || "UTC" };
  return { calendar: control("calendar").value, after_close: afterClose(Number(control("minutes").value || "0")) };
}

async function preview() {
  asked += 1;
  const mine = asked;
  const place = byId("preview");
  const times = when();
  if (times.cron === "") return fill(place);
  try {
    const { items, sentence } = await api.get("/schedules/preview", { ...times, count: 3 });
    if (mine !== asked) return;
    fill(place, h("p", {}, sentence), h("p", { class: "soft" }, `Next: ${items.map((each) => formatMoment(each)).join(" · ")}`));
  } catch (error) {
    if (mine === asked) fill(place, h("p", { class: "soft" }, error.words ?? error.message));
  }
}

function previewSoon() {
  clearTimeout(pause);
  pause = setTimeout(preview, PAUSE);
}

/** The parameters of the chosen action. Throws SyntaxError for what is no JSON. */
function params() {
  const action = control("action").value;
  if (OF_OWNED[action]) {
    const chosen = ownedIn(byId(`schedule-${OF_OWNED[action]}`), OF_OWNED[action]);
    return chosen.length ? { [OF_OWNED[action]]: chosen } : {};
  }
  if (action === "pipeline") return JSON.parse(control("params").value || "{}");
  const universe = control("universe").value;
  if (action === "refresh") return { universe };
  const chosen = { universe, strategy: control("strategy").value };
  if (action !== "report") return chosen;
  const before = edited?.action === action ? edited.params : {}; // what the form does not show stays
  return { ...before, ...chosen, channels: [control("channel").value, ...(before.channels ?? []).slice(1)] };
}

/** Fill the form with a schedule that is to be changed; with null, with a new one. */
export function edit(schedule) {
  edited = schedule;
  form.reset();
  complain("");
  fill(byId("form-title"), schedule ? `Change ${schedule.name}` : "New schedule");
  fill(byId("schedule-submit"), schedule ? "Store the changes" : "Make the schedule");
  byId("schedule-leave").hidden = !schedule;
  control("zone").value = schedule?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (schedule) {
    control("name").value = schedule.name;
    control("action").value = schedule.action;
    control("cron").value = schedule.cron ?? "";
    /** @type {HTMLInputElement} */ (form.querySelector(`input[name=form][value=${schedule.cron ? "cron" : "calendar"}]`)).checked = true;
    if (schedule.calendar) {
      const [hours, minutes] = schedule.after_close.split(":").map(Number);
      control("calendar").value = schedule.calendar;
      control("minutes").value = String(60 * hours + minutes);
    }
    if (schedule.params.universe) chooseUniverse(control("universe"), schedule.params.universe);
    if (schedule.params.strategy) control("strategy").value = schedule.params.strategy;
    if (schedule.params.channels) control("channel").value = schedule.params.channels[0];
    control("params").value = JSON.stringify(schedule.params, null, 2);
    control("catch-up").value = String(schedule.catch_up / HOUR);
    control("overlap").value = schedule.overlap;
    control("name").focus();
  }
  for (const kind of Object.values(OF_OWNED)) fill(byId(`schedule-${kind}`), ownedChoice(kind, schedule?.params[kind]));
  arrange();
  preview();
}

/** Make the form work; `changed` is called with what was stored. */
export function startForm(changed) {
  const zones = /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [];
  fill(
    byId("zones"),
    zones.map((name) => h("option", { value: name })),
  );
  offerUniverses(byId("schedule-universe"));
  offerStrategies(byId("schedule-strategy"), "balanced");
  offerChannels(byId("schedule-channel"))
    .then(() => {
      if (edited?.params.channels) control("channel").value = edited.params.channels[0];
    })
    .catch((error) => notify(`The channels could not be listed. ${error.words ?? error.message}`, { problem: true }));
  form.addEventListener("input", () => {
    complain("");
    arrange();
    previewSoon();
  });
  byId("schedule-leave").addEventListener("click", () => edit(null));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!control("name").value.trim()) return complain("Give it a name.", "name");
    const times = when();
    if (times.cron === "") return complain("Write a cron expression: 30 17 * * MON-FRI is half past five in the afternoon of each weekday.", "cron");
    if (control("action").value === "report" && !control("channel").value) return complain("Choose a channel.", "channels");
    let given;
    try {
      given = params();
    } catch {
      return complain("The parameters are no JSON.", "params");
    }
    const seconds = Math.round(Number(control("catch-up").value) * HOUR);
    const body = { name: control("name").value.trim(), action: control("action").value, params: given, catch_up: seconds, overlap: control("overlap").value, ...times };
    const button = /** @type {HTMLButtonElement} */ (byId("schedule-submit"));
    button.disabled = true;
    try {
      const stored = edited ? await api.patch(`/schedules/${edited.id}`, { ...body, version: edited.version }) : await api.post("/schedules", body);
      notify(`${stored.name} is due next ${formatMoment(stored.next_due_at)}.`);
      edit(null);
      await changed(stored);
    } catch (error) {
      complain(error.words ?? error.message, error.errors?.[0]?.field ?? "");
    } finally {
      button.disabled = false;
    }
  });
  edit(null);
}
