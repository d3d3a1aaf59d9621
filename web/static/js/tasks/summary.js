// What came of a job in one line: how many of each outcome, how many changed, how many failed and why. Each leads to its items.

import { api } from "../api.js";
import { h } from "../dom.js";
import { formatWhole } from "../format.js";
import { changedWord } from "../job-kinds.js";
import { badge, statesOf } from "../words.js";
import { jobPath } from "./commands.js";
import { shortReason } from "./failures.js";

const ORDER = statesOf("verdict").map(([verdict]) => verdict);

/** Counts by outcome and by reason, from the job's groups of items. */
export async function readSummary(job) {
  const { groups } = await api.get(jobPath(job, "/summary"));
  /** @type {Map<string, number>} */
  const outcomes = new Map();
  /** @type {Map<string, number>} */
  const reasons = new Map();
  let changed = 0;
  for (const group of groups) {
    if (group.outcome !== null) outcomes.set(group.outcome, (outcomes.get(group.outcome) ?? 0) + group.items);
    if (group.error_code !== null) reasons.set(group.error_code, (reasons.get(group.error_code) ?? 0) + group.items);
    changed += group.changed;
  }
  const place = (outcome) => (ORDER.indexOf(outcome) + ORDER.length + 1) % (ORDER.length + 1); // an unknown one comes last
  return {
    outcomes: [...outcomes].sort(([one], [other]) => place(one) - place(other) || one.localeCompare(other)),
    reasons: [...reasons].sort(([, one], [, other]) => other - one),
    changed,
    changedWord: changedWord(job),
  };
}

/**
 * The line; `choose(filter)` shows the items of a part, and `addressOf(filter)` is its link.
 * @param {{outcomes: [string, number][], reasons: [string, number][], changed: number, changedWord: string}} summary
 */
export function summaryLine(summary, addressOf, choose) {
  const part = (filter, ...content) => h("li", {}, h("a", { href: addressOf(filter), onclick: (event) => choose(event, filter) }, content));
  const parts = [
    ...summary.outcomes.map(([outcome, count]) => part({ outcome }, badge("verdict", outcome), ` ${formatWhole(count)}`)),
    summary.changed > 0 && part({ changed: "true" }, h("strong", {}, `${formatWhole(summary.changed)} ${summary.changedWord}`)),
    ...summary.reasons.map(([code, count]) => part({ items: "failed" }, h("span", { class: "badge bad" }, "Failed"), ` ${formatWhole(count)}: ${shortReason(code)}`)),
  ].filter(Boolean);
  return parts.length ? h("ul", { class: "summary", "aria-label": "What came of it" }, parts) : null;
}
