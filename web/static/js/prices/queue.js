// Files that were chosen or dropped: checked and stored one after the other, each with its own outcome.

import { runBulk } from "../bulk-run.js";
import { fill, h } from "../dom.js";
import { formatBytes } from "../transfer.js";
import { FileRow, MODES } from "./file-row.js";
import { isOfMany } from "./file-text.js";
import { forAll } from "./for-all.js";
import { importRows } from "./import-run.js";
import { ManyRow } from "./many-row.js";

const MOST_WAITED_SECONDS = 90;
const MOST_CHECKED = 10; // files at a time, by themselves
const MANY = 4; // files that go in one request instead of one each
const CROWDED = 3; // files, of which each then shows little
const LOOK_MILLISECONDS = 250;
/** @type {[string, string][]} */
const ALL_MODES = [["", "as set at each file"], ...MODES];

/** The card for uploads. `onStored()` hears of every file that was stored. Has `choose(ticker)`, which opens the file picker for a ticker, and `deleted(ticker)`. */
export function uploads(most, onStored) {
  const rows = [];
  /** @type {ManyRow[]} */
  let archives = []; // files with the prices of many tickers
  /** @type {string | null} */
  let wanted = null; // the ticker that the next chosen file is for
  let isSending = false;
  /** @type {Promise<void> | null} */
  let checks = null; // while files are being checked
  const asked = new Set(); // rows that are to be checked however many there are
  const fresh = new Set(); // tickers that were stored since the page was opened
  let sent = []; // the rows of the last run, of which the line below the list tells

  const input = h("input", {
    type: "file",
    id: "price-files",
    class: "visually-hidden",
    multiple: true,
    accept: ".csv,.txt,.tsv,.xlsx,.xlsm,.zip,application/zip,text/csv,text/plain,text/tab-separated-values",
    onchange: () => take(input.files, wanted),
    oncancel: () => {
      wanted = null;
    },
  });
  const list = h("ul", { class: "file-list", "aria-label": "Chosen files" });
  const sendAll = h("button", { type: "button", class: "primary", id: "upload-all", onclick: () => run(rows.filter((row) => row.isWaiting)) });
  const checkMany = h("button", { type: "button", id: "check-all", onclick: () => checkTogether() });
  const tidy = h("button", { type: "button", id: "clear-files", onclick: () => clear() }, "Clear finished files");
  const analyse = h("button", { type: "button", id: "analyse-stored", onclick: () => analyseStored() });
  const said = h("p", { class: "small soft", id: "upload-status", role: "status" });
  const progress = h("div", { id: "import-progress" });
  const settings = forAll("all", ALL_MODES, (changes) => {
    for (const row of rows) if (!row.refused && row.state !== "stored" && row.state !== "sending") row.take(changes);
  });
  const bar = h("div", { class: "upload-bar", hidden: true }, h("div", { class: "row" }, sendAll, checkMany, analyse, tidy, said), progress);
  const zone = dropZone(input, most);
  const element = h("section", { class: "card", id: "upload", "aria-labelledby": "upload-title" }, h("h2", { id: "upload-title" }, "Upload"), zone, settings.element, list, bar);
  acceptDrops(element, zone, (files) => take(files, null));
  window.addEventListener("beforeunload", (event) => {
    if (rows.some((row) => row.isWaiting || row.state === "sending") || archives.some((row) => row.isOpen)) event.preventDefault();
  });

  async function take(files, wantedFor) {
    const chosen = [...files];
    const ticker = wantedFor && chosen.length === 1 ? wantedFor : undefined;
    wanted = null;
    input.value = ""; // the same file may be chosen again when it was corrected
    // A file that cannot be read is told of by the row that sends it.
    const ofMany = await Promise.all(chosen.map((file) => !ticker && isOfMany(file).catch(() => false)));
    for (const [at, file] of chosen.entries()) {
      if (ofMany[at]) takeMany(file);
      else takeOne(file, ticker);
    }
    update();
  }

  function takeMany(file) {
    const row = new ManyRow(file, {
      mostBytes: most.archive,
      on: { changed: update, stored: storedMany, undone: undoneMany, patiently: (send) => patiently(send), removed: removedMany },
    });
    const former = archives.find(({ file: { name }, state }) => name === file.name && ["waiting", "checked", "refused"].includes(state)); // the same file, corrected
    archives = [...archives.filter((other) => other !== former), row];
    if (former) former.element.replaceWith(row.element);
    else list.append(row.element);
  }

  /** @param {File} file @param {string | undefined} ticker */
  function takeOne(file, ticker) {
    const former = rows.find((row) => row.file.name === file.name && row.state === "refused"); // the same file, corrected
    const keeps = former && !former.refused ? { ticker: former.symbol, mode: former.mode.value } : {};
    const row = new FileRow(file, {
      mostBytes: most.file,
      ticker,
      mode: ticker ? "extend" : null,
      ...keeps,
      on: { changed: update, unchecked: checkSoon, stored: storedRow, undone, wanted: (which) => run([which]), removed, isCrowded: () => rows.length > CROWDED },
    });
    if (former) {
      rows.splice(rows.indexOf(former), 1, row);
      former.element.replaceWith(row.element);
    } else {
      rows.push(row);
      list.append(row.element);
    }
    if (!row.refused) row.take(settings.settings());
  }

  function storedMany(tickers) {
    for (const ticker of tickers) fresh.add(ticker);
    update();
    onStored();
  }

  function undoneMany(tickers) {
    for (const ticker of tickers) fresh.delete(ticker);
    update();
    onStored();
  }

  function removedMany(row) {
    archives = archives.filter((other) => other !== row);
    row.element.remove();
    update();
    input.focus();
  }

  function storedRow(answer, row) {
    fresh.add(answer.ticker);
    // What another file of the ticker would make of the prices is no longer what was shown.
    for (const other of rows) if (other !== row && other.symbol === answer.ticker && other.state === "checked") other.edited();
    onStored();
  }

  function undone(row) {
    takenBack(row);
    update();
    onStored();
  }

  /** Prices of a ticker were deleted: no row says any longer that it has stored them. */
  function deleted(ticker) {
    for (const row of rows.filter(({ state, symbol }) => state === "stored" && symbol === ticker)) {
      row.takenBack("Its prices were deleted: nothing of it is stored.");
      takenBack(row);
    }
    fresh.delete(ticker);
    update();
  }

  function takenBack(row) {
    if (!rows.some(({ state, symbol }) => state === "stored" && symbol === row.symbol)) fresh.delete(row.symbol);
    sent = sent.filter((other) => other !== row);
    tell();
  }

  function removed(row) {
    const at = rows.indexOf(row);
    rows.splice(at, 1);
    row.element.remove();
    tell();
    update();
    (rows[at]?.removeButton ?? rows[at - 1]?.removeButton ?? input).focus();
  }

  function clear() {
    for (const row of [...rows, ...archives].filter(isFinished)) row.element.remove();
    rows.splice(0, rows.length, ...rows.filter((row) => !isFinished(row)));
    archives = archives.filter((row) => !isFinished(row));
    tell();
    fill(progress);
    update();
    input.focus();
  }

  function update() {
    const waiting = rows.filter((row) => row.isWaiting).length;
    const unchecked = rows.filter((row) => row.state === "waiting").length;
    bar.hidden = rows.length + fresh.size === 0 && !archives.some(isFinished);
    settings.element.hidden = rows.filter((row) => !row.refused && row.state !== "stored").length < 2;
    sendAll.hidden = waiting === 0;
    sendAll.disabled = isSending;
    sendAll.textContent = waiting === 1 ? "Store the file" : `Store all ${waiting} files`;
    checkMany.hidden = areFew();
    checkMany.disabled = isSending;
    checkMany.textContent = `Check all ${unchecked} first`;
    analyse.hidden = fresh.size === 0;
    analyse.textContent = fresh.size === 1 ? "Analyse this ticker" : `Analyse these ${fresh.size} tickers`;
    tidy.hidden = ![...rows, ...archives].some(isFinished);
    for (const row of rows) row.sendButton.disabled = isSending;
  }

  /** Whether each file is checked by itself: nobody looks at each of forty. */
  function areFew() {
    return rows.filter((row) => row.state === "waiting").length <= MOST_CHECKED;
  }

  async function analyseStored() {
    analyse.disabled = true;
    try {
      await runBulk(progress, { tickers: [...fresh] });
    } finally {
      analyse.disabled = false;
    }
  }

  /**
   * Check the files that have not been, unless there are many: those are checked together, when asked. A `row` is checked in any case.
   * @param {FileRow} [row]
   */
  function checkSoon(row) {
    if (row) asked.add(row);
    update();
    checks ??= checkAll().finally(() => {
      checks = null;
    });
  }

  async function checkAll() {
    for (;;) {
      const unchecked = rows.filter((row) => row.isUnchecked);
      const next = unchecked.find((row) => asked.has(row)) ?? (areFew() ? unchecked[0] : undefined);
      if (!next || isSending) return;
      asked.delete(next);
      await patiently(
        () => next.check(),
        () => rows.includes(next),
      );
    }
  }

  async function checkTogether() {
    if (isSending) return;
    const unchecked = onePerTicker(rows.filter((row) => row.state === "waiting" && row.fault([]) === ""));
    await busily(unchecked, async () => {
      await importRows(unchecked, { isCheck: true, mostBytes: most.archive, patiently, area: progress });
      said.textContent = "All are checked. Nothing is stored yet.";
    });
  }

  /** Do something with rows while nothing else is sent. */
  async function busily(which, work) {
    isSending = true;
    for (const row of which) row.hold(true);
    update();
    try {
      for (const row of which) await row.lookedUp;
      await checks; // the one that is on its way; `isSending` keeps others from following
      await work();
    } finally {
      isSending = false;
      for (const row of which) row.hold(false);
      checkSoon();
    }
    update();
  }

  async function run(which) {
    if (isSending) return;
    for (const row of rows) row.showFault("");
    const unclear = which.filter((row) => {
      row.showFault(row.fault(rows.filter((one) => one.isWaiting || which.includes(one))));
      return row.problem.textContent !== "";
    });
    if (unclear.length) {
      unclear[0].ticker.focus();
      return;
    }
    await busily(which, async () => {
      const together = which.length >= MANY ? onePerTicker(which) : [];
      if (together.length) {
        said.textContent = `${together.length} files …`;
        await importRows(together, { isCheck: false, mostBytes: most.archive, patiently, area: progress });
      }
      const single = which.filter((row) => !together.includes(row));
      for (const [at, row] of single.entries()) {
        said.textContent = single.length > 1 ? `File ${at + 1} of ${single.length} …` : "Sending …";
        if (!rows.includes(row) || row.state === "refused") continue; // removed meanwhile, or found faulty
        await patiently(
          () => row.store(),
          () => rows.includes(row),
        );
      }
    });
    sent = which;
    tell();
  }

  /** What came of the last run, of the rows that are still there; while another is under way, its words stay. */
  function tell() {
    if (isSending) return;
    sent = sent.filter((row) => rows.includes(row));
    const stored = sent.filter((row) => row.state === "stored").length;
    const missed = sent.length - stored;
    said.textContent = [stored && `${stored} stored.`, missed && `${missed} not stored: see why above.`].filter(Boolean).join(" ");
  }

  /** Send something; past the budget of uploads, wait as long as the service asks for, while `isWanted()`. */
  async function patiently(send, isWanted = () => true) {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        if (error.status !== 429) throw error;
        const until = Date.now() + 1000 * Math.min(error.retryAfter ?? 5, MOST_WAITED_SECONDS);
        while (Date.now() < until) {
          if (!isWanted()) return false;
          said.textContent = `The service takes no more uploads for the moment; it goes on in ${Math.ceil((until - Date.now()) / 1000)} s.`;
          await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
        }
        said.textContent = "";
      }
    }
  }

  return {
    element,
    deleted,
    choose(ticker) {
      wanted = ticker;
      input.click();
    },
  };
}

/** The rows without the later ones of a ticker that comes again: an archive has one file for each. */
function onePerTicker(rows) {
  return rows.filter((row, at) => rows.findIndex((other) => other.symbol === row.symbol) === at);
}

const isFinished = ({ state }) => state === "stored" || state === "refused";

function dropZone(input, most) {
  return h(
    "div",
    { class: "drop-zone" },
    h("p", { class: "drop-words" }, h("span", { class: "for-mouse" }, "Drop files here, or "), input, h("label", { for: "price-files", class: "button" }, "Choose files")),
    h(
      "p",
      { class: "small soft" },
      `One ticker each, up to ${formatBytes(most.file)}, as sites and tools export them. The header names date, open, high, low and close; volume and adjusted close are read where they are there.`,
    ),
    h("p", { class: "small soft" }, `Many tickers at once, up to ${formatBytes(most.archive)}: a ZIP archive with a file for each, or a table with a column named Ticker.`),
    h(
      "details",
      { class: "small" },
      h("summary", {}, "What a file looks like"),
      h("pre", { class: "example" }, "Date,Open,High,Low,Close,Volume\n2013-02-28,444.05,447.87,441.40,441.40,11518400\n2013-03-01,438.00,438.18,429.98,430.47,19730300"),
    ),
  );
}

/** Files may be dropped anywhere on the card; a file that misses it must not replace the page. */
function acceptDrops(card, zone, take) {
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = (isOver) => zone.classList.toggle("is-over", isOver);
  window.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const isOver = card.contains(event.target);
    if (event.dataTransfer) event.dataTransfer.dropEffect = isOver ? "copy" : "none";
    mark(isOver);
  });
  window.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
  window.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(false);
    if (card.contains(event.target)) take(event.dataTransfer?.files ?? []);
  });
}
