// What is said about prices: notes on what was done, and warnings of what may be wrong. One day is spoken of once.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { warningBadge } from "../words.js";

const NOTES = new Set(["no_volume", "open_filled", "range_widened", "duplicate_rows", "unfinished_bar", "short_history", "stale", "nothing_newer", "basis_changed"]);
const RATIO = / of (\d+):(\d+) on /;

/**
 * A list of warnings; null where there is none. With `ticker`, whose prices are stored, a likely split can be added, and `changed()` hears of it.
 * @param {{code: string, message: string, day: string | null}[]} warnings
 * @param {{ticker?: string, changed?: () => void}} [of]
 */
export function warningList(warnings, { ticker, changed = () => {} } = {}) {
  const split = warnings.find((warning) => warning.code === "likely_split");
  const said = warnings.filter(({ code, day }) => !(code === "large_move" && day && day === split?.day));
  if (!said.length) return null;
  return h(
    "ul",
    { class: "warnings" },
    said.map((warning) =>
      NOTES.has(warning.code)
        ? h("li", { class: "note" }, h("span", { class: "badge" }, "Note"), " ", warning.message)
        : h("li", {}, warningBadge(), " ", wordsOf(warning), warning === split && ticker && splitButton(ticker, split, changed)),
    ),
  );
}

/** Here is a button for what the warning of a split asks for. */
function wordsOf({ code, message }) {
  return code === "likely_split" ? message.replace(/ If it was one, .*$/, " If it was one, add it; else nothing need be done.") : message;
}

function splitButton(ticker, { message, day }, changed) {
  const found = RATIO.exec(message);
  if (!found) return null;
  const [, numerator, denominator] = found;
  const add = async () => {
    button.disabled = true;
    try {
      const told = await api.post(`/prices/${encodeURIComponent(ticker)}/actions`, { kind: "split", effective_day: day, numerator: Number(numerator), denominator: Number(denominator) });
      notify(told.applied_to.length ? "The split is added: prices before it are restated in an analysis." : `The split is added. ${told.reason ?? ""}`);
      changed();
    } catch (error) {
      notify(error.words, { problem: true });
      button.disabled = false;
    }
  };
  const button = h("button", { type: "button", class: "small", onclick: add }, `Add this split (${numerator}:${denominator})`);
  return [" ", button];
}
