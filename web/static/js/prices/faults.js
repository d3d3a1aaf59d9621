// Why a file was refused: every fault with its line and column, and the lines of the file around it.

import { h } from "../dom.js";
import { formatDay, formatWhole } from "../format.js";
import { cellsIn, excerpt, linesOf, placeOf } from "./file-text.js";

const DAYS_SHOWN = 5;

/**
 * The refusal of a file in words, and as a table where it names places or days. `leaveOut()` has it checked again without the rows at fault.
 * @param {any} error
 * @param {string} fileName
 * @param {string} text
 * @param {(() => void) | null} leaveOut
 */
export function refusal(error, fileName, text, leaveOut) {
  if (error.code === "bases_differ") return differingDays(error);
  const faults = error.errors.map((entry) => ({ place: placeOf(entry.field), message: entry.message })).filter((fault) => fault.place);
  if (!faults.length) {
    return h("div", { class: "refusal" }, h("p", { class: "field-problem" }, error.words), error.requestId && h("p", { class: "small soft" }, "Request ", h("code", {}, error.requestId)));
  }
  const all = countOf(error, faults.length);
  const known =
    all > faults.length
      ? `The first ${faults.length} of ${formatWhole(all)} faults; correct them and choose the file again.`
      : `${faults.length === 1 ? "One fault" : `${faults.length} faults`}; correct ${faults.length === 1 ? "it" : "them"} and choose the file again.`;
  return h(
    "div",
    { class: "refusal" },
    h("p", { class: "field-problem" }, h("strong", {}, "Nothing was stored."), ` ${known}`),
    leaveOut && h("div", { class: "row" }, h("button", { type: "button", onclick: leaveOut }, "Leave these rows out")),
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": `Faults in ${fileName}` },
      h(
        "table",
        { class: "faults" },
        h("caption", { class: "visually-hidden" }, `Faults in ${fileName}`),
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "number" }, "Line"), h("th", { scope: "col" }, "Column"), h("th", { scope: "col" }, "What is wrong"))),
        byLine(faults).map((group) => lineRows(group, text && linesOf(text))),
      ),
    ),
  );
}

/** Why a file does not fit the stored prices, and what to do about it on this page. */
export const differenceIn = (message) => `${message.split(". ")[0]}. Choose “are replaced” and the whole history,`;

/** The days on which the file and the stored prices differ without a rule. */
function differingDays(error) {
  const days = error.errors.slice(0, DAYS_SHOWN).map((entry) => [entry.field, ...(/stored (\S+), file (\S+?)\.?$/.exec(entry.message)?.slice(1) ?? ["", ""])]);
  return h(
    "div",
    { class: "refusal" },
    h("p", { class: "field-problem" }, h("strong", {}, "Nothing was stored."), ` ${differenceIn(error.message)} or correct the file.`),
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Days that differ" },
      h(
        "table",
        { class: "faults" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Day"), h("th", { scope: "col", class: "number" }, "Stored"), h("th", { scope: "col", class: "number" }, "In the file"))),
        h(
          "tbody",
          {},
          days.map(([day, old, fresh]) => h("tr", {}, h("td", {}, formatDay(day)), h("td", { class: "number" }, old), h("td", { class: "number" }, fresh))),
        ),
      ),
    ),
  );
}

function countOf(error, shown) {
  const more = / (\d+) more\./.exec(error.detail);
  return more ? Number(more[1]) + 1 : shown;
}

function byLine(faults) {
  const groups = [];
  for (const fault of faults) {
    if (groups.at(-1)?.line === fault.place.line) groups.at(-1).faults.push(fault);
    else groups.push({ line: fault.place.line, faults: [fault] });
  }
  return groups;
}

function lineRows({ line, faults }, lines) {
  return h(
    "tbody",
    {},
    faults.map(({ place, message }) => h("tr", {}, h("td", { class: "number" }, line), h("td", {}, place.column ?? "–"), h("td", {}, message))),
    // A workbook has no lines to show.
    lines &&
      h(
        "tr",
        { class: "excerpt" },
        h(
          "td",
          { colspan: "3" },
          shownLines(
            lines,
            line,
            faults.map((fault) => fault.place.column),
          ),
        ),
      ),
  );
}

function shownLines(lines, line, columns) {
  const shown = excerpt(lines, line);
  if (!shown.some((entry) => entry.isFault)) return h("p", { class: "small soft" }, "The file ends before this line.");
  return h(
    "div",
    { class: "file-lines" },
    shown.map((entry) => [
      h("span", { class: "line-number", "aria-hidden": "true" }, `${entry.isFault ? "▸ " : ""}${entry.number}`),
      h(
        "code",
        { class: entry.isFault ? "line fault" : "line" },
        h("span", { class: "visually-hidden" }, `Line ${entry.number}${entry.isFault ? ", at fault" : ""}: `),
        lineText(entry, lines[0], columns),
        entry.isCut && " …",
      ),
    ]),
  );
}

function lineText(entry, header, columns) {
  const cells = entry.isFault && !entry.isCut ? cellsIn(header, entry.text, columns) : null;
  if (!cells) return entry.text || "(empty)";
  return cells.map((cell, at) => [at > 0 && ",", cell.isFault ? h("mark", {}, cell.text || "(empty)") : cell.text]);
}
