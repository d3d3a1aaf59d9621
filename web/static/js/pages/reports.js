// Reports: Excel files of what is stored.

import { api } from "../api.js";
import { byId } from "../dom.js";
import { jobReports } from "../reports/job-reports.js";
import { listReport } from "../reports/list-report.js";
import { tickerReport } from "../reports/ticker-report.js";
import { show } from "../states.js";
import { readUrl, writeUrl } from "../url-state.js";

const DEFAULTS = { ticker: "", strategy: "balanced", start: "", end: "", list_universe: "", list_strategy: "", list_verdict: "", job_status: "" };
const page = byId("page");

function draw() {
  return show(page, async () => {
    const { items } = await api.get("/strategies");
    const strategies = items.map((strategy) => [strategy.id, strategy.name]);
    const values = readUrl(DEFAULTS);
    const keep = (changed) => writeUrl(Object.assign(values, changed), DEFAULTS, { push: false });
    return [tickerReport(values, strategies, keep), listReport(values, strategies, keep), jobReports(values, strategies, keep)];
  });
}

window.addEventListener("popstate", draw);
draw();
