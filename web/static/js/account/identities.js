// Accounts at providers (Google, or an OpenID provider) that one signs in by: connecting one, and disconnecting it.

import { api } from "../api.js";
import { ask } from "../dialog.js";
import { h, notify } from "../dom.js";
import { ago } from "../moments.js";
import { card, redraw } from "./forms.js";

const WHAT = "An account elsewhere that signs you in here. It is known by itself, not by its address.";

/** The card of connected accounts; it is hidden where there is nothing to connect and nothing connected. */
export function identities() {
  const element = card("identities", "Connected accounts");
  element.hidden = true;

  async function refresh() {
    const { items, providers } = await api.get("/auth/identities");
    element.hidden = items.length + providers.length === 0;
    const list = items.length ? h("ul", { class: "plain-list", id: "identity-list" }, items.map(row)) : h("p", { class: "soft" }, "You have connected none.");
    const buttons = providers.map(({ key, name }) => h("button", { type: "button", onclick: () => connect(key) }, `Connect ${name}`));
    redraw(element, h("p", {}, WHAT), list, h("div", { class: "row" }, buttons));
  }

  async function connect(provider) {
    try {
      location.assign((await api.post("/auth/identities", { provider })).url);
    } catch (error) {
      notify(error.words ?? String(error.message), { problem: true });
    }
  }

  function row(one) {
    const used = one.used_at ? ["last used ", ago(one.used_at)] : "never used";
    const button = h("button", { type: "button", class: "danger", "aria-label": `Disconnect ${one.provider}`, onclick: () => disconnect(one) }, "Disconnect …");
    return h("li", { class: "spread" }, h("span", {}, h("strong", {}, one.provider), h("span", { class: "small soft" }, one.email && ` · ${one.email}`, " · ", used)), button);
  }

  async function disconnect(one) {
    const words = "It signs nobody in here any more.";
    if ((await ask({ title: `Disconnect ${one.provider}?`, words, confirm: "Disconnect it", isDanger: true })) === null) return;
    try {
      await api.delete(`/auth/identities/${one.id}`);
      notify("The account is disconnected.");
      await refresh();
    } catch (error) {
      notify(`It stays connected. ${error.words ?? error.message}`, { problem: true });
    }
  }

  refresh().catch((error) => redraw(element, h("p", { class: "remedy" }, error.words ?? error.message)));
  return element;
}
