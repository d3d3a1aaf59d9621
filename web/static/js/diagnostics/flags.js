// Feature flags: what can be switched off, who did it when, and why.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { fill, h, notify } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { problem } from "../states.js";
import { section } from "./section.js";

/** The flags with their switches. */
export function flags() {
  const part = section({
    id: "flags",
    title: "Feature flags",
    isWide: true,
    load: () => api.get("/admin/flags"),
    draw: ({ items }) =>
      h(
        "ul",
        { class: "flags" },
        items.map((flag) => flagRow(flag, part.refresh)),
      ),
  });
  return part;
}

function flagRow(flag, refresh) {
  const id = `flag-${flag.name}`;
  const toggle = h(
    "button",
    {
      type: "button",
      role: "switch",
      class: "switch",
      id,
      "aria-checked": String(flag.enabled),
      "aria-labelledby": `${id}-name`,
      "aria-describedby": `${id}-about`,
      onclick: () => change(flag, toggle, refresh),
    },
    h("span", { class: "knob", "aria-hidden": "true" }),
    h("span", { class: "switch-word" }, flag.enabled ? "On" : "Off"),
  );
  const history = h("div", {});
  const details = h("details", { class: "small", ontoggle: () => details.open && showChanges(flag.name, history) }, h("summary", {}, "Changes"), history);
  return h(
    "li",
    { dataset: { flag: flag.name, enabled: String(flag.enabled) } },
    toggle,
    h(
      "div",
      {},
      h("strong", { id: `${id}-name` }, flag.name),
      h("p", { class: "small soft", id: `${id}-about` }, flag.description),
      flag.changed_at &&
        h(
          "p",
          { class: flag.enabled ? "small soft" : "small remedy" },
          `Switched ${flag.enabled ? "on" : "off"} ${formatAgo(flag.changed_at)} by ${flag.changed_by}${flag.reason ? `: ${flag.reason}` : ", without a reason."}`,
        ),
      flag.changed_at && details,
    ),
  );
}

async function change(flag, toggle, refresh) {
  const isOn = flag.enabled;
  const reason = await ask({
    title: `Switch ${flag.name} ${isOn ? "off" : "on"}?`,
    words: `${flag.description} Every process follows within two seconds.`,
    confirm: isOn ? "Switch off" : "Switch on",
    isDanger: isOn,
    input: { label: isOn ? "Why? Callers will read it." : "Why? (optional)", isRequired: isOn, maxLength: 200 },
  });
  if (reason === null) return;
  toggle.disabled = true;
  try {
    await api.put(`/admin/flags/${encodeURIComponent(flag.name)}`, { enabled: !isOn, reason: reason || null });
    notify(`${flag.name} is switched ${isOn ? "off" : "on"}.`);
    await refresh();
  } catch (error) {
    notify(error.words ?? String(error.message), { problem: true });
  } finally {
    toggle.disabled = false;
  }
  document.getElementById(toggle.id)?.focus();
}

async function showChanges(name, element) {
  try {
    const { changes } = await api.get(`/admin/flags/${encodeURIComponent(name)}`);
    fill(
      element,
      h(
        "ol",
        { class: "changes" },
        changes.map((entry) => h("li", {}, h("strong", {}, entry.enabled ? "On" : "Off"), ` ${formatMoment(entry.changed_at)} by ${entry.changed_by}${entry.reason ? `: ${entry.reason}` : ""}`)),
      ),
    );
  } catch (error) {
    fill(
      element,
      problem(error, () => showChanges(name, element)),
    );
  }
}
