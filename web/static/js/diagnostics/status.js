// What the process that answers can tell of itself: connections, breakers, jobs, limits.

import { h } from "../dom.js";
import { formatCount, formatDuration, formatWhole } from "../format.js";
import { badge, statesOf } from "../words.js";
import { facts } from "./section.js";

const BREAKER_MEANINGS = { open: "Calls are refused. ", "half-open": "One call tries. " };

export function pool({ pool: found }) {
  const share = found.limit ? found.in_use / found.limit : 0;
  return [
    h("p", {}, h("strong", {}, `${formatWhole(found.in_use)} of ${formatWhole(found.limit)}`), " connections in use, ", `${formatWhole(found.idle)} idle.`),
    h("meter", { min: "0", max: String(found.limit), value: String(found.in_use), high: String(found.limit * 0.8), optimum: "0", "aria-label": "Connections in use" }),
    share >= 0.8 && h("p", { class: "remedy" }, h("strong", {}, "To do: "), "see what holds connections: ", h("a", { href: "/docs/runbook#bellwetherpoolnearlyfull" }, "runbook"), "."),
    events(found.events),
  ];
}

function events(counts) {
  const entries = Object.entries(counts ?? {});
  if (!entries.length) return null;
  return [h("h3", {}, "Since this process started"), facts(entries.map(([name, count]) => [name.replaceAll("_", " "), formatWhole(count)]))];
}

export function breakers({ breakers: list }) {
  return h(
    "ul",
    { class: "plain" },
    list.map((breaker) => {
      const failures = breaker.failures ? `${formatCount(breaker.failures, "failure", "failures")} in a row` : "No failures";
      const wait = breaker.retry_after > 0 ? `, tries again in ${Math.ceil(breaker.retry_after)} s` : "";
      return h("li", {}, h("div", { class: "row" }, h("code", {}, breaker.name), badge("breaker", breaker.state)), h("div", { class: "small soft" }, BREAKER_MEANINGS[breaker.state], failures, wait));
    }),
  );
}

export function jobs({ jobs: found }) {
  const who = found.workers > 0 ? `${formatWhole(found.workers)} beside each web server` : "none here: others run the jobs";
  const isKnown = found.by_status !== null;
  return [
    facts([
      ["Engine", found.engine],
      ["Workers", who],
      ["Items waiting", isKnown ? formatWhole(found.queued_items) : "not known"],
      ["Unclaimed for", !isKnown ? "not known" : found.backlog_seconds > 0 ? formatDuration(found.backlog_seconds) : "nothing waits unclaimed"],
    ]),
    isKnown
      ? [h("h3", {}, "Jobs by state"), facts(statesOf("job").map(([state, name]) => [name, formatWhole(found.by_status[state] ?? 0)]))]
      : h("p", { class: "remedy" }, "The database does not answer, and it alone knows the jobs. See the checks above."),
    h("p", { class: "small" }, h("a", { href: "/tasks" }, "Open the tasks")),
  ];
}

export function limits({ limits: found, streams }) {
  const counted = found.shared ? "together, in Redis" : "each process for itself";
  return [
    found.enabled ? null : h("p", {}, badge("switch", "off"), " No request is refused for exceeding a limit (RATE_LIMIT_ENABLED)."),
    facts([
      ["Counted", counted],
      ["Requests a minute", formatWhole(found.per_minute)],
      ["Requests an hour", formatWhole(found.per_hour)],
      ["Analyses a minute", formatWhole(found.analyses_per_minute)],
      ["Bulk jobs a minute", formatWhole(found.bulk_per_minute)],
      ["Uploads a minute", formatWhole(found.uploads_per_minute)],
    ]),
    h("h3", {}, "Live progress"),
    h(
      "p",
      {},
      h("span", { class: `badge ${streams.is_full ? "warn" : "good"}` }, streams.is_full ? "Full" : "Free"),
      ` ${formatWhole(streams.limit)} streams at once in each process; past that, pages ask every few seconds.`,
    ),
  ];
}
