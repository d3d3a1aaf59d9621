// One integration: how it stands, what sets it up, and a button that tries it, whose outcome stands below.

import { fill, h } from "../dom.js";
import { ago } from "../moments.js";
import { badge } from "../words.js";
import { took, tried } from "./trial.js";

const PAGES = { channel: "Channels", feed: "News", keys: "Keys", prices: "Diagnostics", errors: "Diagnostics", network: "Channels", mail: "Channels", sign_in: "Account", macro: "Evidence" };
const USUAL_TICKER = "AAPL";

/** A card, for a person or for whoever is signed in with a key. @param {any} item @param {boolean} isPerson */
export function card(item, isPerson) {
  const { name, kind, title, state, detail, settings, last_at: last } = item;
  const id = `of-${name}`;
  const mark = h("span", {}, badge("integration", state));
  const outcome = h("div", { class: "outcome", role: "status", id: `${id}-outcome` });
  return h(
    "li",
    { class: "card", dataset: { integration: name, state } },
    h("div", { class: "row" }, h("h3", { id }, title), mark),
    detail && h("p", { class: "small" }, detail, last && [" ", h("span", { class: "soft" }, "(", ago(last), ")")]),
    settings.length > 0 &&
      h(
        "p",
        { class: "small soft settings" },
        "Settings: ",
        settings.map((each, at) => [at > 0 && ", ", h("code", {}, each)]),
      ),
    h("div", { class: "row" }, item.test && controls(item, isPerson, mark, outcome), pageLink(item)),
    kind !== "keys" && outcome,
  );
}

/** The button, and what is chosen for the test: of a provider of prices the ticker to ask for, of the mail server a message to oneself. */
function controls(item, isPerson, mark, outcome) {
  const { name, kind, title } = item;
  const field =
    kind === "prices" ? h("input", { id: `ticker-${name}`, value: USUAL_TICKER, maxlength: "20", size: "8", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" }) : null;
  const label = field && h("label", { for: field.id, class: "small" }, "Ticker");
  const box = kind === "mail" && isPerson ? h("input", { type: "checkbox", id: `message-${name}` }) : null;
  const toMe = box && h("label", { class: "small" }, box, " send me a message");
  let isRunning = false;
  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    button.setAttribute("aria-disabled", "true");
    fill(outcome, h("p", { class: "small" }, kind === "channel" ? "A test message is on its way …" : "Trying it …"));
    const ticker = field?.value.trim();
    const came = await tried(item, { ...(ticker ? { ticker } : {}), ...(box?.checked ? { message: "true" } : {}) });
    isRunning = false;
    button.removeAttribute("aria-disabled");
    if (came.ok !== null) fill(mark, badge("integration", came.ok ? "ok" : "warning"));
    fill(outcome, h("p", { class: `small ${came.ok ? "went-well" : "remedy"}` }, came.words), came.steps.length > 0 && steps(came.steps));
  };
  const button = h("button", { type: "button", "aria-label": `Test: ${title}`, dataset: { act: "test" }, onclick: run }, "Test");
  return [label, field, button, toMe];
}

function steps(taken) {
  return h(
    "ol",
    { class: "small steps", "aria-label": "Steps" },
    taken.map(({ name, ok, seconds }) => h("li", {}, `${name}: ${ok ? "done" : "failed"} after ${took(seconds)}`)),
  );
}

function pageLink({ kind, page, title }) {
  if (!page) return null;
  const words = PAGES[kind] ?? "Runbook";
  return h("a", { href: page, class: "small", "aria-label": `${words}, for ${title}` }, words);
}
