// Reports: files of what is stored, made at once, or by a job and kept.

import { byId } from "../dom.js";
import { jobReports } from "../reports/job-reports.js";
import { keptReports } from "../reports/kept.js";
import { listReport } from "../reports/list-report.js";
import { tickerReport } from "../reports/ticker-report.js";
import { show } from "../states.js";
import { namedStrategies } from "../strategies.js";
import { readUrl, writeUrl } from "../url-state.js";

const DEFAULTS = { ticker: "", strategy: "balanced", start: "", end: "", list_universe: "", list_strategy: "", list_verdict: "", job_status: "" };
const page = byId("page");

function draw() {
  return show(page, async () => {
    const strategies = await namedStrategies();
    const values = readUrl(DEFAULTS);
    const keep = (changed) => writeUrl(Object.assign(values, changed), DEFAULTS, { push: false });
    const kept = keptReports(strategies);
    return [tickerReport(values, strategies, keep), listReport(values, strategies, keep), jobReports(values, keep, kept.ask), kept.element];
  });
}

window.addEventListener("popstate", draw);
draw();
