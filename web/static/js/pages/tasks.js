// Tasks: the jobs, and one of them at a time with its tickers.

import { onReturn } from "../connection.js";
import { byId, fill, h } from "../dom.js";
import { loading, problem } from "../states.js";
import { openDetail } from "../tasks/detail.js";
import { openList } from "../tasks/list.js";
import { wireNewJob } from "../tasks/new-job.js";
import { openHere } from "../tasks/opening.js";
import { readUrl, writeUrl } from "../url-state.js";

const DEFAULTS = { status: "", job: "", items: "", outcome: "", changed: "" };
const WHOLE = { items: "", outcome: "", changed: "" }; // no filter of items
const page = byId("page");
const title = byId("title");

let state = readUrl(DEFAULTS);
/** @type {{stop: () => void} | null} */
let view = null;
let opened = 0;

/**
 * Change the address and show what it says. `step` names the control that keeps the focus; `again` shows the same anew.
 * @param {Record<string, string>} values
 * @param {{again?: boolean, step?: string | null}} options
 */
function go(values, { again = false, step = null } = {}) {
  const next = { ...state, ...values };
  writeUrl(next, DEFAULTS);
  if (again || JSON.stringify(next) !== JSON.stringify(state)) open(step ?? ("status" in values ? "status" : null));
}

/**
 * Show what the address says; `focus` is the id of a control of the new view, else a changed view's title gets the focus.
 * @param {string | null} focus
 */
async function open(focus = null) {
  const mine = ++opened;
  const before = state;
  state = readUrl(DEFAULTS);
  const isOther = before.job !== state.job;
  view?.stop();
  view = null;
  page.setAttribute("aria-busy", "true");
  if (isOther || !page.childElementCount) fill(page, loading());
  byId("new-job").hidden = Boolean(state.job);
  try {
    const fresh = await (state.job ? openDetail(state, go) : openList(state, go));
    if (mine !== opened) return fresh.stop();
    view = fresh;
    name(fresh.title);
    fill(page, state.job && back(), fresh.element);
  } catch (error) {
    if (mine !== opened) return;
    if (!("status" in error)) console.error(error);
    name(state.job ? "Job" : undefined);
    fill(
      page,
      state.job && back(),
      problem(error, () => open()),
    );
  }
  page.removeAttribute("aria-busy");
  if (focus) byId(focus)?.focus();
  else if (isOther) title.focus();
}

function name(given) {
  fill(title, given ?? "Tasks");
  document.title = `${given ?? "Tasks"} – Bellwether`;
}

function back() {
  const address = state.status ? `/tasks?status=${encodeURIComponent(state.status)}` : "/tasks";
  return h("p", {}, h("a", { href: address, onclick: (event) => openHere(event, () => go({ job: "", ...WHOLE })) }, "← All tasks"));
}

addEventListener("popstate", () => open());
onReturn(() => open());
wireNewJob((job) => go({ job: job.id, ...WHOLE }));
await open();
