// The form for a new job.

import { api } from "../api.js";
import { byId, fill, notify } from "../dom.js";
import { hasProvider } from "../providers.js";
import { offerStrategies } from "../strategies.js";
import { isTicker, tickersIn } from "../tickers.js";
import { offerUniverses } from "../universes.js";

const NAMED_WRONG = 5;

/** Make the form work; `onQueued(job)` is called with the new job, or with the active one that does the same. */
export function wireNewJob(onQueued) {
  /** @type {HTMLFormElement} */
  const form = byId("job-form");
  /** @type {HTMLTextAreaElement} */
  const typed = byId("job-tickers");
  /** @type {HTMLSelectElement} */
  const strategy = byId("job-strategy");
  /** @type {HTMLDetailsElement} */
  const panel = byId("new-job");
  /** @type {HTMLSelectElement} */
  const universe = byId("job-universe");
  /** @type {HTMLInputElement} */
  const refresh = byId("job-refresh");
  const scopes = /** @type {RadioNodeList} */ (form.elements.namedItem("scope"));
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));

  /** @type {(text: string, control?: HTMLElement | null) => void} */
  const complain = (text, control = null) => {
    fill(byId("job-problem"), text);
    for (const each of [typed, universe]) each.removeAttribute("aria-invalid");
    if (!control) return;
    control.setAttribute("aria-invalid", "true");
    control.focus();
  };
  typed.addEventListener("input", () => {
    scopes.value = "tickers";
    complain("");
  });
  universe.addEventListener("change", () => {
    scopes.value = "universe";
  });
  form.addEventListener("change", () => complain(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const scope = scopes.value;
    /** @type {{strategy: string, universe?: string, tickers?: string[], refresh?: boolean}} */
    const order = { strategy: strategy.value };
    if (refresh.checked) order.refresh = true;
    if (scope === "tickers") {
      const tickers = tickersIn(typed.value);
      const wrong = tickers.filter((ticker) => !isTicker(ticker));
      if (!tickers.length) return complain("Type at least one ticker, such as AAPL.", typed);
      if (wrong.length) return complain(`Not a ticker: ${wrong.slice(0, NAMED_WRONG).join(", ")}${wrong.length > NAMED_WRONG ? ` and ${wrong.length - NAMED_WRONG} more` : ""}.`, typed);
      order.tickers = tickers;
    } else if (scope === "universe") {
      if (!universe.value) return complain("No universe is stored yet. The page Universes stores one.", universe);
      order.universe = universe.value;
    } else order.universe = scope;
    submit.disabled = true;
    try {
      const job = await api.post("/bulk-analyze", order);
      complain("");
      typed.value = "";
      panel.open = false;
      notify(job.deduplicated ? "The same work is under way already; this is that job." : "The job is queued.");
      onQueued(job);
    } catch (error) {
      complain(error.words ?? error.message, scope === "tickers" && error.status === 422 ? typed : null);
    } finally {
      submit.disabled = false;
    }
  });
  offerStrategies(strategy, "balanced");
  panel.addEventListener("toggle", async () => {
    if (!panel.open) return;
    offerUniverses(universe);
    byId("job-refresh-field").hidden = !(await hasProvider());
  });
}
