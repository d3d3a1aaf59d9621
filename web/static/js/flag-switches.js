// Feature flags as switches: what can be switched off, who did it when, and why. Of the installation, and of an organization.

import { api } from "./api.js";
import { ask } from "./dialog.js";
import { fill, h, notify } from "./dom.js";
import { formatAgo, formatMoment } from "./format.js";
import { problem } from "./states.js";

const WHO_ELSE = { installation: "Off in the whole installation.", operator: "Switched off by an operator of the installation, who alone can switch it on." };

/**
 * The flags with their switches. A flag is `path`/NAME; `prefix` tells the elements of several lists apart. Those that were switched off by
 * `others` cannot be switched here.
 * @param {any[]} items
 * @param {object} list
 * @param {string} list.path
 * @param {() => any} list.refresh
 * @param {string} [list.prefix]
 * @param {string[]} [list.others]
 * @param {boolean} [list.isReadOnly]
 */
export function flagSwitches(items, { path, refresh, prefix = "flag", others = [], isReadOnly = false }) {
  return h(
    "ul",
    { class: "flags" },
    items.map((flag) => flagRow(flag, { path, refresh, prefix, isLocked: isReadOnly || others.includes(flag.off_by) })),
  );
}

function flagRow(flag, { path, refresh, prefix, isLocked }) {
  const id = `${prefix}-${flag.name}`;
  const toggle = h(
    "button",
    {
      type: "button",
      role: "switch",
      class: "switch",
      id,
      disabled: isLocked,
      "aria-checked": String(flag.enabled),
      "aria-labelledby": `${id}-name`,
      "aria-describedby": `${id}-about`,
      onclick: () => change(flag, toggle, path, refresh),
    },
    h("span", { class: "knob", "aria-hidden": "true" }),
    h("span", { class: "switch-word" }, flag.enabled ? "On" : "Off"),
  );
  const history = h("div", {});
  const details = h("details", { class: "small", ontoggle: () => details.open && showChanges(`${path}/${encodeURIComponent(flag.name)}`, history) }, h("summary", {}, "Changes"), history);
  return h(
    "li",
    { dataset: { flag: flag.name, enabled: String(flag.enabled) } },
    toggle,
    h(
      "div",
      {},
      h("strong", { id: `${id}-name` }, flag.name),
      h("p", { class: "small soft", id: `${id}-about` }, flag.description),
      !flag.enabled && WHO_ELSE[flag.off_by] && h("p", { class: "small remedy" }, WHO_ELSE[flag.off_by]),
      flag.changed_at && h("p", { class: flag.enabled ? "small soft" : "small remedy" }, lastChange(flag)),
      flag.changed_at && details,
    ),
  );
}

function lastChange({ enabled, changed_at: at, changed_by: id, changed_by_name: by = id, reason }) {
  const who = by ? ` by ${by}` : "";
  return `Switched ${enabled ? "on" : "off"} ${formatAgo(at)}${who}${reason ? `: ${reason}` : ", without a reason."}`;
}

async function change(flag, toggle, path, refresh) {
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
    await api.put(`${path}/${encodeURIComponent(flag.name)}`, { enabled: !isOn, reason: reason || null });
    notify(`${flag.name} is switched ${isOn ? "off" : "on"}.`);
    await refresh();
  } catch (error) {
    notify(error.words ?? String(error.message), { problem: true });
  } finally {
    toggle.disabled = false;
  }
  document.getElementById(toggle.id)?.focus();
}

async function showChanges(path, element) {
  try {
    const { changes } = await api.get(path);
    fill(
      element,
      h(
        "ol",
        { class: "changes" },
        changes.map((entry) => h("li", {}, h("strong", {}, entry.enabled ? "On" : "Off"), ` ${formatMoment(entry.changed_at)}${by(entry)}${entry.reason ? `: ${entry.reason}` : ""}`)),
      ),
    );
  } catch (error) {
    fill(
      element,
      problem(error, () => showChanges(path, element)),
    );
  }
}

function by({ changed_by: id, changed_by_name: who = id, by_operator: byOperator = false }) {
  if (!who) return " by an operator";
  return byOperator ? ` by the operator ${who}` : ` by ${who}`;
}
