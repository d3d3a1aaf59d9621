// Where one is signed in: each sign-in, ending one, and ending all but this.

import { api } from "../api.js";
import { section, table } from "../diagnostics/section.js";
import { ask } from "../dialog.js";
import { h, notify } from "../dom.js";
import { formatMoment } from "../format.js";
import { ago } from "../moments.js";

/** The sign-ins with their controls. */
export function signIns() {
  const all = h("button", { type: "button", id: "end-all", onclick: endAll }, "End all others …");
  const part = section({ id: "sign-ins", title: "Sign-ins", isWide: true, controls: h("div", { class: "row" }, all), load: () => api.get("/auth/sessions"), draw });
  document.addEventListener("sign-ins-changed", () => part.refresh());

  function draw({ items }) {
    const heads = [["Where"], ["Begun"], ["Last used"], ["Ends"], ["Command"]];
    return table("Your sign-ins", heads, items.map(row), "keys");
  }

  function row(one) {
    const what = `${one.is_browser ? browserOf(one.user_agent) : `Program: ${one.user_agent ?? "unknown"}`}`;
    const button = h("button", { type: "button", class: "danger", "aria-label": `End the sign-in ${what}`, onclick: () => end(one, button) }, "End");
    return h(
      "tr",
      { dataset: { session: one.id } },
      h("th", { scope: "row" }, what, one.address && h("span", { class: "small soft of-key" }, one.address), one.two_factor && h("span", { class: "badge" }, "two factors")),
      h("td", {}, ago(one.created_at)),
      h("td", {}, one.used_at ? ago(one.used_at) : h("span", { class: "soft" }, "never")),
      h("td", {}, formatMoment(one.expires_at)),
      h("td", {}, one.is_current ? h("span", { class: "badge good" }, "This one") : button),
    );
  }

  async function end(one, button) {
    button.disabled = true;
    try {
      await api.delete(`/auth/sessions/${one.id}`);
      notify("The sign-in has ended.");
      await part.refresh();
      all.focus();
    } catch (error) {
      notify(`The sign-in goes on. ${error.words ?? error.message}`, { problem: true });
      button.disabled = false;
    }
  }

  async function endAll() {
    const words = "Browsers and programs that are signed in as you are signed out, but this one. Your API keys go on.";
    if ((await ask({ title: "End all other sign-ins?", words, confirm: "End them", isDanger: true })) === null) return;
    try {
      const { ended } = await api.delete("/auth/sessions");
      notify(ended === 1 ? "1 sign-in has ended." : `${ended} sign-ins have ended.`);
      await part.refresh();
    } catch (error) {
      notify(`The sign-ins go on. ${error.words ?? error.message}`, { problem: true });
    }
  }

  return part;
}

const BROWSERS = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrom(?:e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** "Firefox on Linux", as far as it can be told. @param {string | null} agent */
function browserOf(agent) {
  const named = (known) => known.find(([pattern]) => pattern.test(agent ?? ""))?.[1];
  const [browser, system] = [named(BROWSERS) ?? "A browser", named(SYSTEMS)];
  return system ? `${browser} on ${system}` : browser;
}
