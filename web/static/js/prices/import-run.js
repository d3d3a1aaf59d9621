// Many files at once: sent in archives, each of which a job checks or stores.

import { api } from "../api.js";
import { followJob } from "../bulk-run.js";
import { forPeople } from "../problem-words.js";
import { archiveOf, pack } from "./zip.js";

const PAGE = 500;

/** Files with the same settings, in archives of up to `mostBytes`. */
async function archives(rows, mostBytes) {
  const groups = new Map();
  for (const row of rows) {
    const key = JSON.stringify(row.params);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const made = [];
  for (const group of groups.values()) {
    let bytes = Infinity;
    for (const row of group) {
      const ending = /\.xls[xm]$/i.test(row.file.name) ? ".xlsx" : ".csv";
      const member = await pack(`${row.symbol}${ending}`, row.file).catch(() => null);
      if (!member) {
        row.showUnreadable();
        continue;
      }
      const taken = member.bytes + 2 * member.path.length + 100; // with its entry in the directory
      if (bytes + taken > mostBytes) {
        made.push({ params: row.params, rows: [], members: [] });
        bytes = 0;
      }
      made.at(-1).rows.push(row);
      made.at(-1).members.push(member);
      bytes += taken;
    }
  }
  return made;
}

/**
 * Check or store rows by jobs; each row shows its outcome. `patiently(send, isWanted)` sends past the budget of uploads, `area` shows the progress.
 * The rows of an archive that could not be sent wait again.
 */
export async function importRows(rows, { isCheck, mostBytes, patiently, area }) {
  for (const row of rows) row.begin(isCheck ? "checking" : "sending", "Being packed …");
  for (const { params, rows: sent, members } of await archives(rows, mostBytes)) {
    try {
      const query = { ...params, names: "tickers", dry_run: isCheck ? "true" : null };
      const job = await patiently(() => api.postFile("/price-imports", archiveOf(members), "application/zip", query));
      for (const row of sent) row.begin(isCheck ? "checking" : "sending", "Sent. It waits for its turn …");
      await followJob(area, job);
      await showOutcomes(sent, job.params.import_id, isCheck);
    } catch (error) {
      for (const row of sent) row.back(`Not ${isCheck ? "checked" : "stored"}: ${error.words ?? error.message}`);
    }
  }
}

async function showOutcomes(rows, importId, isCheck) {
  const outcomes = new Map((await readOutcomes(importId)).map((item) => [item.ticker, item]));
  for (const row of rows) {
    const { report = null, problem = null } = outcomes.get(row.symbol) ?? {};
    if (report) isCheck ? row.showChecked(report) : row.showStored(report);
    else if (problem) await row.showRefused({ ...problem, detail: problem.message, words: forPeople(problem.message, problem.code), requestId: null });
    else row.back(`Not ${isCheck ? "checked" : "stored"}: the task did not come to it.`);
  }
}

/** What became of every file of an import, by ticker. @returns {Promise<any[]>} */
export async function readOutcomes(importId) {
  const items = [];
  let cursor = null;
  do {
    const page = await api.get(`/price-imports/${encodeURIComponent(importId)}`, { limit: PAGE, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}
