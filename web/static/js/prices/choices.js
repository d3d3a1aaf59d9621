// What a person decides about a file: which number of a date is the day, and whether stored days may go.

import { h } from "../dom.js";

const NAMED_DAY = /\d{1,2} [A-Z][a-z]+ \d{4}/g; // as the service's sentences have it: 3 June 2012
const ORDERS = { dmy: "day", mdy: "month" };

/** The question whether stored days may go; `decide(mayLose)`. */
export function choiceOfLoss(sentence, decide) {
  return h(
    "div",
    { class: "loss", role: "alert" },
    h("p", {}, sentence.split(": the file")[0], ": the file does not hold them. Nothing was stored."),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", onclick: () => decide(false) }, "Keep them, add this file"),
      h("button", { type: "button", class: "danger", onclick: () => decide(true) }, "Delete them and store"),
    ),
  );
}

/** The question which number of a date is the day, with the day of the first row for each answer; `decide("dmy" | "mdy")`. */
export function choiceOfDates(question, decide) {
  const [dmy, mdy] = question.match(NAMED_DAY) ?? [];
  const answer = (dates, day) => h("button", { type: "button", onclick: () => decide(dates) }, `${ORDERS[dates] === "day" ? "Day" : "Month"} first${day ? `: ${day}` : ""}`);
  return h("div", { class: "date-order" }, h("p", {}, "Its dates can be read in two ways. Of which day is the first row?"), h("div", { class: "row" }, answer("dmy", dmy), answer("mdy", mdy)));
}

/** The way back from a choice of the order of dates. */
export function otherOrder(chosen, decide) {
  const dates = chosen === "dmy" ? "mdy" : "dmy";
  return h("div", { class: "row" }, h("button", { type: "button", class: "small", onclick: () => decide(dates) }, `Read dates with the ${ORDERS[dates]} first instead`));
}
