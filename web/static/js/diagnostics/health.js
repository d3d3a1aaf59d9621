// Health checks with their remedies, versions, and how the schema stands.

import { api } from "../api.js";
import { h } from "../dom.js";
import { numbers } from "../format.js";
import { badge } from "../words.js";
import { facts, section, table } from "./section.js";

const ORDER = ["critical", "warning", "ok", "skipped"];
const milliseconds = numbers({ maximumFractionDigits: 1 });

/** Every check, from what `load` resolves to. */
export function checks(load, retry) {
  return section({
    id: "checks",
    title: "Health checks",
    isWide: true,
    load,
    retry,
    draw: (health) => {
      const sorted = [...health.checks].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
      return table("Health checks, the worst first", [["State"], ["Check"], ["What was found, and what to do"], ["Took", "number hide-on-phone"]], sorted.map(checkRow), "checks");
    },
  });
}

function checkRow(check) {
  return h(
    "tr",
    { dataset: { check: check.name, state: check.state } },
    h("td", {}, badge("check", check.state)),
    h("th", { scope: "row" }, titleOf(check.name), check.is_critical === false && h("span", { class: "small soft optional" }, "optional")),
    h(
      "td",
      { class: "found" },
      check.found ?? "–",
      check.remedy && h("p", { class: "remedy" }, h("strong", {}, "To do: "), check.remedy),
      check.runbook && isTrouble(check) && h("p", { class: "small" }, runbookLink(check)),
    ),
    h("td", { class: "number hide-on-phone soft" }, typeof check.duration_ms === "number" ? `${milliseconds.format(check.duration_ms)} ms` : "–"),
  );
}

const isTrouble = (check) => check.state === "warning" || check.state === "critical";

const runbookLink = (check) => h("a", { href: check.runbook, "aria-label": `Runbook on ${titleOf(check.name)}` }, "What to do: the runbook");

const titleOf = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** How the schema stands to the code. */
export function migrations() {
  return section({
    id: "migrations",
    title: "Migrations",
    load: () => api.get("/health/migrations"),
    draw: (found) => [
      h("p", {}, badge("schema", found.state), " ", found.found),
      found.remedy && h("p", { class: "remedy" }, h("strong", {}, "To do: "), found.remedy),
      found.pending?.length > 0 && [h("h3", {}, "Pending"), migrationList(found.pending)],
      found.applied?.length > 0 && h("details", {}, h("summary", {}, `${found.applied.length} applied`), migrationList(found.applied)),
    ],
  });
}

const migrationList = (labels) =>
  h(
    "ol",
    { class: "labels" },
    labels.map((label) => h("li", {}, h("code", {}, label))),
  );

/** Where this runs, and the versions of what it is made of. */
export function versionFacts({ environment, database, versions }) {
  const named = Object.entries(versions ?? {});
  return facts([["Environment", environment], ["Database", h("code", {}, database)], ...named]);
}
