// The evening run as one form: a schedule of the digest, and the channel that it tells, made by one call.

import { api } from "../api.js";
import { offerChannels } from "../channels/choices.js";
import { TYPES, typeName } from "../channels/types.js";
import { byId, fill, h, notify } from "../dom.js";
import { problemOf } from "../form-problem.js";
import { formatMoment } from "../format.js";
import { namedStrategies } from "../strategies.js";
import { offerUniverses } from "../universes.js";
import { afterClose } from "./after-close.js";

const PROPOSED = "balanced";
const NEW = "new:";
const complain = problemOf("evening-problem", { name: "evening-name", after_close: "evening-minutes", channel: "evening-where", url: "evening-where", address: "evening-where" });

/** @type {HTMLFormElement} */
const form = byId("evening-form");
/** @type {HTMLButtonElement} */
const opener = byId("evening-open");
/** @type {(name: string) => HTMLInputElement} */
const control = (name) => byId(`evening-${name}`);
let asked = 0;

/** The type of the channel that is to be made; an empty text where one is told that there is. */
const newType = () => (control("told").value.startsWith(NEW) ? control("told").value.slice(NEW.length) : "");
const strategies = () => [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[name=strategy]:checked"))].map((box) => box.value);

/** Ask for the address of a new channel, and for none of one that there is. */
function arrange() {
  const type = newType();
  byId("evening-where-field").hidden = !type;
  if (!type) return;
  const { label = "E-mail address", example = "me@example.com", hint = "Each e-mail has a link that stops it." } = TYPES[type];
  fill(byId("evening-where-label"), label);
  fill(byId("evening-where-hint"), hint);
  control("where").placeholder = example;
}

function when() {
  return { calendar: control("calendar").value, after_close: afterClose(Number(control("minutes").value || "0")) };
}

async function preview() {
  asked += 1;
  const mine = asked;
  try {
    const { items } = await api.get("/schedules/preview", { ...when(), count: 1 });
    if (mine === asked) fill(byId("evening-preview"), `It runs first ${formatMoment(items[0])}.`);
  } catch (error) {
    if (mine === asked) fill(byId("evening-preview"), error.words ?? error.message);
  }
}

async function offerStrategyBoxes() {
  const box = (id, name) => h("label", {}, h("input", { type: "checkbox", name: "strategy", value: id, checked: id === PROPOSED }), ` ${name}`);
  fill(byId("evening-strategies"), ...(await namedStrategies()).map(([id, name]) => box(id, name)));
}

function show(isShown) {
  form.hidden = !isShown;
  opener.setAttribute("aria-expanded", String(isShown));
  fill(opener, isShown ? "Leave it" : "Set it up");
}

async function toggle() {
  show(form.hidden);
  if (form.hidden) return;
  try {
    await Promise.all([offerUniverses(byId("evening-universe")), offerStrategyBoxes(), offerChannels(byId("evening-told"))]);
  } catch (error) {
    complain(`The form is not complete. ${error.words ?? error.message}`);
  }
  arrange();
  await preview();
  byId("evening-universe").focus();
}

/** What is set up, as the API takes it; null where something is missing, which is told. */
function body() {
  const name = control("name").value.trim();
  const type = newType();
  const where = control("where").value.trim();
  if (!name) complain("Give it a name.", "name");
  else if (!strategies().length) {
    complain("Choose a strategy.");
    /** @type {HTMLInputElement | null} */ (form.querySelector("input[name=strategy]"))?.focus();
  } else if (type && !where) complain(TYPES[type].missing, "channel");
  else {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const made = { name: `${name.slice(0, 50)}: ${typeName(type)}`, type, time_zone: zone, [type === "email" ? "address" : "url"]: where };
    const told = type ? { channel: made } : { channels: [control("told").value] };
    return { name, universe: control("universe").value, strategies: strategies(), ...when(), ...told };
  }
  return null;
}

function words({ schedule, channels, refreshes }) {
  const told = channels.map((channel) => channel.name).join(", ");
  const prices = refreshes ? "" : " It analyses the prices that are stored: no provider of prices is configured.";
  return `${schedule.name} is set up: it runs first ${formatMoment(schedule.next_due_at)} and tells ${told}.${prices}`;
}

/** Make the form work; `changed` is called with the schedule that was made and, of a new webhook, its channel with the secret. */
export function startEvening(changed) {
  opener.addEventListener("click", toggle);
  form.addEventListener("input", (event) => {
    complain("");
    arrange();
    if (["evening-calendar", "evening-minutes"].includes(/** @type {HTMLElement} */ (event.target).id)) preview();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = body();
    if (!wanted) return;
    const button = /** @type {HTMLButtonElement} */ (byId("evening-submit"));
    button.disabled = true;
    try {
      const made = await api.post("/evening-run", wanted);
      notify(words(made));
      form.reset();
      show(false);
      await changed(made.schedule, made.secret ? { ...made.channels.at(-1), secret: made.secret } : null);
    } catch (error) {
      complain(error.words ?? error.message, error.errors?.[0]?.field ?? "");
    } finally {
      button.disabled = false;
    }
  });
}
