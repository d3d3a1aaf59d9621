// What became of due times: in words, as a calendar of all schedules, and as the ledger of one.

import { api } from "../api.js";
import { byId, fill, h, notify } from "../dom.js";
import { dateLanguage, formatExactMoment, formatMoment, formatWhole } from "../format.js";
import { show } from "../states.js";

const DAYS = 14; // of the calendar
const PAGE = 30;
const STATES = ["fired", "late", "missed", "skipped", "failed", "waiting"];
const TONES = { fired: "good", late: "warn", missed: "bad", failed: "bad", waiting: "busy", skipped: "" };
const IN_PART = { partly_failed: "failed", partly_gone: "gone" };
const DAY = 86_400_000;

/** A state as a coloured word, with a number where it stands for several. */
function stateBadge(state, count = 1) {
  return h("span", { class: `badge ${TONES[state] ?? ""}`, dataset: { state } }, count > 1 ? `${formatWhole(count)} ${state}` : state);
}

/** The last days, today first, so that it is in sight on a phone. */
function lastDays() {
  const today = Date.now();
  return Array.from({ length: DAYS }, (_, at) => new Date(today - at * DAY).toISOString().slice(0, 10));
}

/** The last two weeks of all schedules: in each day's cell what became of its due times. */
export async function calendar(schedules) {
  const days = lastDays();
  const { items } = await api.get("/schedule-days", { first: days[DAYS - 1], last: days[0] });
  const found = new Map();
  for (const { schedule_id: id, day, state, firings } of items) {
    const key = `${id} ${day}`;
    found.set(key, [...(found.get(key) ?? []), { state, firings }]);
  }
  const heading = new Intl.DateTimeFormat(dateLanguage, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  const cell = (schedule, day) => {
    const states = found.get(`${schedule.id} ${day}`) ?? [];
    states.sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state));
    return h(
      "td",
      {},
      states.map(({ state, firings }) => stateBadge(state, firings)),
    );
  };
  return h(
    "section",
    { class: "card", "aria-labelledby": "calendar-title" },
    h("h2", { id: "calendar-title" }, "The last two weeks"),
    h(
      "div",
      { class: "table-scroll days-scroll", tabindex: "0", role: "region", "aria-labelledby": "calendar-title" },
      h(
        "table",
        { class: "days-table" },
        h("caption", { class: "visually-hidden" }, "What became of the due times of each day, in UTC"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Schedule"),
            days.map((day) => h("th", { scope: "col" }, heading.format(new Date(`${day}T00:00:00Z`)))),
          ),
        ),
        h(
          "tbody",
          {},
          schedules.map((schedule) =>
            h(
              "tr",
              { dataset: { days: schedule.id } },
              h("th", { scope: "row" }, schedule.name),
              days.map((day) => cell(schedule, day)),
            ),
          ),
        ),
      ),
    ),
    h("p", { class: "small soft" }, "fired and late: it ran. missed: nothing looked in time. skipped: it was paused, switched off, or still ran. failed: it did not start, or its task failed."),
  );
}

/** What became of a due time; one of which a part failed or is gone is told apart from one that went well. */
function outcome({ state, reason }) {
  return reason in IN_PART ? h("span", { class: "badge warn", dataset: { state } }, `${state}, ${IN_PART[reason]} in part`) : stateBadge(state);
}

function row(firing) {
  const { due_at: due, message, kind, job_id: job, started_at: started, finished_at: finished } = firing;
  const how = { manual: "by hand", backfill: "run again", due: "" }[kind];
  return h(
    "tr",
    { dataset: { due } },
    h("th", { scope: "row" }, h("time", { datetime: due, title: formatExactMoment(due) }, formatMoment(due)), how && h("div", { class: "small soft" }, how)),
    h("td", {}, outcome(firing)),
    h("td", { class: "why small" }, message ?? "", job && started && h("div", {}, h("a", { href: `/tasks?job=${encodeURIComponent(job)}` }, "Its task"))),
    h("td", { class: "hide-on-phone small" }, finished ? formatMoment(finished) : ""),
  );
}

/** The next ten due times and the ledger of one schedule. `changed` is called after a backfill. */
export function showFirings(schedule, changed) {
  const section = h("section", { class: "card", "aria-labelledby": "firings-title" });
  fill(byId("detail"), section);
  return show(section, async () => {
    const [next, first] = await Promise.all([api.get(`/schedules/${schedule.id}/next`, { count: 10 }), api.get(`/schedules/${schedule.id}/firings`, { limit: PAGE })]);
    const rows = h("tbody", { id: "firings" });
    const more = h("div", { class: "row" });
    const choice = h(
      "select",
      { id: "firings-state", onchange: () => load() },
      h("option", { value: "" }, "All"),
      STATES.map((state) => h("option", { value: state }, state)),
    );
    const add = ({ items, next_cursor: cursor }) => {
      rows.append(...items.map(row));
      if (!rows.children.length) rows.append(h("tr", {}, h("td", { colspan: "4", class: "soft" }, "None yet.")));
      fill(more, cursor && h("button", { type: "button", onclick: () => load(cursor) }, "Show more"));
    };
    const load = async (cursor) => {
      try {
        const page = await api.get(`/schedules/${schedule.id}/firings`, { limit: PAGE, cursor, state: choice.value || undefined });
        if (!cursor) fill(rows);
        add(page);
      } catch (error) {
        notify(`The due times did not come. ${error.words ?? error.message}`, { problem: true });
      }
    };
    add(first);
    return [
      h("h2", { id: "firings-title", tabindex: "-1" }, `Due times of ${schedule.name}`),
      h("h3", {}, "The next ten"),
      h(
        "ol",
        { class: "next-times", id: "next-times" },
        next.items.map((due) => h("li", {}, h("time", { datetime: due }, formatMoment(due)))),
      ),
      h("h3", {}, "What became of those that have passed"),
      h("div", { class: "field inline" }, h("label", { for: "firings-state" }, "Show"), choice),
      h(
        "div",
        { class: "table-scroll firings-scroll", tabindex: "0", role: "region", "aria-labelledby": "firings-title" },
        h(
          "table",
          { class: "firings-table" },
          h("caption", { class: "visually-hidden" }, `Due times of ${schedule.name}`),
          h(
            "thead",
            {},
            h("tr", {}, h("th", { scope: "col" }, "Due"), h("th", { scope: "col" }, "State"), h("th", { scope: "col" }, "Why"), h("th", { scope: "col", class: "hide-on-phone" }, "Ended")),
          ),
          rows,
        ),
      ),
      more,
      backfill(schedule, changed),
    ];
  });
}

/** A form to run again what never ran. Its times are those of the reader's clock. */
function backfill(schedule, changed) {
  const local = (moment) => new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const from = h("input", { type: "datetime-local", id: "backfill-from", value: local(new Date(Date.now() - DAY)) });
  const to = h("input", { type: "datetime-local", id: "backfill-to", value: local(new Date()) });
  const problem = h("p", { class: "field-problem", role: "alert" });
  const send = async (event) => {
    event.preventDefault();
    fill(problem);
    if (!from.value || !to.value) return fill(problem, "Give both times.");
    try {
      const period = { from: new Date(from.value).toISOString(), to: new Date(to.value).toISOString() };
      const { items } = await api.post(`/schedules/${schedule.id}/backfill`, period);
      notify(items.length ? `${formatWhole(items.length)} due times run again, one after the other.` : "Nothing in this time is left to run.");
      await changed();
    } catch (error) {
      fill(problem, error.words ?? error.message);
    }
  };
  return h(
    "form",
    { onsubmit: send, novalidate: true },
    h("h3", {}, "Run what never ran"),
    h(
      "div",
      { class: "row" },
      h("div", { class: "field" }, h("label", { for: "backfill-from" }, "From"), from),
      h("div", { class: "field" }, h("label", { for: "backfill-to" }, "To"), to),
      h("button", { type: "submit" }, "Backfill"),
    ),
    problem,
  );
}
