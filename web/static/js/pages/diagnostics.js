// Diagnostics: how the service is, kept up to date while somebody looks.

import { api } from "../api.js";
import { keys } from "../api-keys.js";
import { onReturn } from "../connection.js";
import { cache } from "../diagnostics/cache.js";
import { errors } from "../diagnostics/errors.js";
import { flags } from "../diagnostics/flags.js";
import { checks, migrations, versionFacts } from "../diagnostics/health.js";
import { organizations } from "../diagnostics/organizations.js";
import { priceChecks } from "../diagnostics/price-checks.js";
import { providers } from "../diagnostics/providers.js";
import { facts, section } from "../diagnostics/section.js";
import * as status from "../diagnostics/status.js";
import { workers } from "../diagnostics/workers.js";
import { byId, fill, h } from "../dom.js";
import { formatClock } from "../format.js";

const EVERY_MILLISECONDS = 5000;

const overall = h("p", { class: "overall", id: "overall" });
const updated = h("span", { class: "small soft", id: "updated" });
const announced = h("p", { class: "visually-hidden", role: "status" });
const pauseButton = h("button", { type: "button", id: "pause", "aria-pressed": "false", onclick: () => pause() }, "Pause");
const nowButton = h("button", { type: "button", id: "refresh-now", onclick: () => refresh() }, "Refresh now");

/** @type {any} */
let health = null;
/** @type {{health: Promise<any>, status: Promise<any>, providers: Promise<any[]>}} */
let asked; // answers that several parts show
/** @type {number | undefined} */
let timer;
let isPaused = false;
let isAsking = false;
let lastState = "";

const ofStatus = (id, title, draw) => section({ id, title, load: () => asked.status, draw, retry: () => refresh() });
const parts = [
  checks(
    () => asked.health,
    () => refresh(),
  ),
  workers(),
  errors(),
  providers(
    () => asked.providers,
    () => refresh(),
  ),
  priceChecks(
    () => asked.providers,
    () => refresh(),
  ),
  ofStatus("pool", "Connections", status.pool),
  ofStatus("jobs", "Jobs", status.jobs),
  ofStatus("limits", "Rate limits", status.limits),
  ofStatus("breakers", "Circuit breakers", status.breakers),
  migrations(),
  section({ id: "service", title: "Service", load: whatRuns, draw: versionFacts, retry: () => refresh() }),
  flags(),
  organizations(),
  keys({ path: "/admin/keys", none: "There are no keys besides the master key. Give each program or person one of their own, so that it can be revoked alone." }),
  cache(),
];

async function refresh() {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  asked = { health: api.get("/health"), status: api.get("/admin/status"), providers: api.get("/providers").then(({ items }) => items) };
  for (const answer of [asked.status, asked.providers]) answer.catch(() => {}); // each part that shows it says so itself
  const problems = await Promise.all(parts.map((part) => part.refresh()));
  health = await asked.health.catch(() => null);
  isAsking = false;
  tell(problems);
  plan();
}

async function whatRuns() {
  const [{ environment, database }, found] = await Promise.all([asked.status, asked.health]);
  return { environment, database, versions: found.versions };
}

function tell(problems) {
  const critical = health?.checks.filter((check) => check.state === "critical") ?? [];
  const warned = health?.checks.filter((check) => check.state === "warning") ?? [];
  const missed = problems.filter(Boolean).length;
  let tone = "good";
  let words = "All is well";
  if (problems[0]) [tone, words] = ["bad", "No answer from the service"];
  else if (critical.length) [tone, words] = ["bad", `${critical.length} critical`];
  else if (warned.length) [tone, words] = ["warn", warned.length === 1 ? "1 warning" : `${warned.length} warnings`];
  else if (missed) [tone, words] = ["warn", "Some parts could not be loaded"];
  fill(overall, h("span", { class: `badge ${tone}` }, words));
  const now = formatClock(new Date().toISOString());
  updated.textContent = missed === problems.length ? `Tried at ${now}` : `Updated at ${now}`;
  if (lastState && lastState !== words) announced.textContent = words;
  lastState = words;
}

/** Ask again later, while the page is looked at. */
function plan() {
  clearTimeout(timer);
  if (!isPaused && document.visibilityState === "visible") timer = setTimeout(refresh, EVERY_MILLISECONDS);
}

function pause() {
  isPaused = !isPaused;
  pauseButton.setAttribute("aria-pressed", String(isPaused));
  if (isPaused) plan();
  else refresh();
}

function documents() {
  return h(
    "section",
    { class: "card wide", "aria-labelledby": "documents-title" },
    h("h2", { id: "documents-title" }, "Documents"),
    facts([
      ["API", h("a", { href: "/docs#/Administration" }, "Administration calls")],
      ["Health", h("a", { href: "/docs#/Health" }, "Health calls")],
      ["Schema", h("a", { href: "/openapi.json" }, "OpenAPI document")],
      ["Connected", h("a", { href: "/integrations" }, "Integrations, and their tests")],
    ]),
    h("p", { class: "small" }, "What to do about each alert and symptom: ", h("a", { href: "/docs/runbook" }, "the runbook"), "."),
  );
}

const page = byId("page");
if (page) {
  onReturn(refresh);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" && !isPaused ? refresh() : plan()));
  fill(
    page,
    h("div", { class: "spread status-bar" }, h("div", { class: "row" }, overall, updated), h("div", { class: "row" }, nowButton, pauseButton)),
    announced,
    h(
      "div",
      { class: "sections" },
      parts.map((part) => part.element),
      documents(),
    ),
  );
  refresh();
}
