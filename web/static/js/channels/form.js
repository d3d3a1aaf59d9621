// The form of a channel: a new one, or changes of one, with only the fields that its type needs.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { problemOf } from "../form-problem.js";
import { TYPES } from "./types.js";

const complain = problemOf("channel-problem", { name: "channel-name", type: "channel-type", address: "channel-address", url: "channel-url", token: "channel-token", time_zone: "channel-zone" });
/** @type {HTMLFormElement} */
const form = byId("channel-form");
/** @type {(name: string) => HTMLInputElement} */
const control = (name) => byId(`channel-${name}`);
/** @type {any} */
let edited = null;

/** Show the fields of the chosen type. */
function arrange() {
  const type = control("type").value;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-of]"))) part.hidden = !part.dataset.of?.split(" ").includes(type);
  if (edited) byId("token-field").hidden = true; // a token is given once
  const { label = "URL", example = "", hint = "" } = TYPES[type];
  fill(byId("url-label"), label);
  fill(byId("url-hint"), edited && type === "apprise" ? "It is not shown. Leave this empty to keep it." : hint);
  control("url").placeholder = example;
}

/** Fill the form with a channel that is to be changed; with null, with a new one. */
export function edit(channel) {
  edited = channel;
  form.reset();
  complain("");
  fill(byId("form-title"), channel ? `Change ${channel.name}` : "New channel");
  fill(byId("channel-submit"), channel ? "Store the changes" : "Add the channel");
  byId("channel-leave").hidden = !channel;
  control("type").disabled = Boolean(channel);
  control("zone").value = channel?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (channel) {
    control("name").value = channel.name;
    control("type").value = channel.type;
    control("address").value = channel.address ?? "";
    control("url").value = channel.type === "apprise" ? "" : (channel.url ?? "");
    control("name").focus();
  }
  arrange();
}

/** What is stored, as the API takes it; null where something is missing, which is told. */
function body() {
  const type = control("type").value;
  const where = type === "email" ? "address" : "url";
  const given = control(where).value.trim();
  const name = control("name").value.trim();
  const keepsUrl = edited && type === "apprise" && !given;
  if (!name) complain("Give it a name.", "name");
  else if (!given && !keepsUrl) complain(TYPES[type].missing, where);
  else {
    const told = { name, time_zone: control("zone").value.trim() || "UTC", ...(keepsUrl ? {} : { [where]: given }) };
    const token = control("token").value.trim();
    return edited ? told : { ...told, type, ...(type === "ntfy" && token ? { token } : {}) };
  }
  return null;
}

/** Make the form work; `changed` is called with what was stored. */
export function startForm(changed) {
  const zones = /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [];
  fill(
    byId("zones"),
    zones.map((name) => h("option", { value: name })),
  );
  form.addEventListener("input", () => {
    complain("");
    arrange();
  });
  byId("channel-leave").addEventListener("click", () => edit(null));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = body();
    if (!told) return;
    const button = /** @type {HTMLButtonElement} */ (byId("channel-submit"));
    button.disabled = true;
    try {
      const stored = edited ? await api.patch(`/channels/${edited.id}`, told) : await api.post("/channels", told);
      notify(edited ? `${stored.name} is changed.` : `${stored.name} is added. Test it to see that messages arrive.`);
      edit(null);
      button.disabled = false;
      await changed(stored);
    } catch (error) {
      complain(error.words ?? error.message, error.errors?.[0]?.field ?? "");
    } finally {
      button.disabled = false;
    }
  });
  edit(null);
}
