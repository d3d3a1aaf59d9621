// Why: what each indicator adds to the score, the largest first, with its sentence.

import { h } from "../dom.js";
import { formatScore, formatShare } from "../format.js";

const DIRECTIONS = { 1: "votes up", "-1": "votes down", 0: "neutral" };

/** The indicators by the size of their contribution; those that could not be computed last. */
export function bySize(indicators) {
  return [...indicators].sort((one, other) => Number(other.available) - Number(one.available) || Math.abs(other.contribution) - Math.abs(one.contribution) || other.confidence - one.confidence);
}

export function votes(result) {
  const sorted = bySize(result.indicators);
  const largest = Math.max(...sorted.map(({ contribution }) => Math.abs(contribution))) || 1;
  return [
    h("p", { class: "soft small" }, "Each vote times its confidence and weight, as a part of the score. Together they are ", h("strong", { class: "score-sum" }, formatScore(result.score)), "."),
    h(
      "ul",
      { class: "votes" },
      sorted.map((indicator) => row(indicator, largest)),
    ),
  ];
}

function row({ key, name, category, available, vote, contribution, confidence, reason }, largest) {
  const reach = (Math.abs(contribution) / largest) * 50;
  const tone = contribution > 0 ? "good" : contribution < 0 ? "bad" : "";
  const sure = vote === 0 ? "" : `, confidence ${formatShare(confidence)}`;
  const says = `${category}, ${!available ? "not available" : key === "atr" ? "no vote" : DIRECTIONS[vote] + sure}`;
  return h(
    "li",
    { class: available ? "vote" : "vote unavailable", dataset: { key, contribution } },
    h("strong", { class: "vote-name" }, name),
    h("div", { class: "vote-bar", "aria-hidden": "true" }, available && h("span", { class: tone, style: { "--from": `${contribution < 0 ? 50 - reach : 50}%`, "--width": `${reach}%` } })),
    h("span", { class: "vote-number number" }, available ? formatScore(contribution) : "–"),
    h("p", { class: "vote-reason small" }, reason, " ", h("span", { class: "soft" }, `(${says})`)),
  );
}
