// Files that were chosen or dropped: checked and stored one after the other, each with its own outcome.

import { h } from "../dom.js";
import { formatBytes } from "../transfer.js";
import { FileRow } from "./file-row.js";

const MOST_WAITED_SECONDS = 90;
const MOST_CHECKED = 10; // files at a time, by themselves

/** The card for uploads. `onStored(answer)` hears of every file that was stored. Has `choose(ticker)`, which opens the file picker for a ticker. */
export function uploads(mostBytes, onStored) {
  const rows = [];
  /** @type {string | null} */
  let wanted = null; // the ticker that the next chosen file is for
  let isSending = false;
  /** @type {Promise<void> | null} */
  let checks = null; // while files are being checked
  const asked = new Set(); // rows that are to be checked however many there are

  const input = h("input", {
    type: "file",
    id: "price-files",
    class: "visually-hidden",
    multiple: true,
    accept: ".csv,.txt,.tsv,.xlsx,.xlsm,text/csv,text/plain,text/tab-separated-values",
    onchange: () => take(input.files),
  });
  const list = h("ul", { class: "file-list", "aria-label": "Chosen files" });
  const sendAll = h("button", { type: "button", class: "primary", id: "upload-all", onclick: () => run(rows.filter((row) => row.isWaiting)) });
  const tidy = h("button", { type: "button", id: "clear-files", onclick: () => clear() }, "Clear what is done");
  const said = h("p", { class: "small soft", id: "upload-status", role: "status" });
  const many = h("p", { class: "small soft", hidden: true }, `More than ${MOST_CHECKED} files are not checked by themselves. Check those that you want to look at first, or store all.`);
  const bar = h("div", { class: "row", hidden: true }, sendAll, tidy, said, many);
  const zone = dropZone(input, mostBytes);
  const element = h("section", { class: "card", id: "upload", "aria-labelledby": "upload-title" }, h("h2", { id: "upload-title" }, "Upload"), zone, list, bar);
  acceptDrops(element, zone, (files) => take(files));

  function take(files) {
    const ticker = wanted && files.length === 1 ? wanted : undefined;
    wanted = null;
    for (const file of files) {
      const former = rows.find((row) => row.file.name === file.name && row.state === "refused"); // the same file, corrected
      const keeps = former && !former.refused ? { ticker: former.symbol, mode: former.mode.value } : {};
      const row = new FileRow(file, {
        mostBytes,
        ticker,
        mode: ticker ? "extend" : "replace",
        ...keeps,
        on: { changed: update, unchecked: checkSoon, stored: onStored, wanted: (which) => run([which]), removed },
      });
      if (former) {
        rows.splice(rows.indexOf(former), 1, row);
        former.element.replaceWith(row.element);
      } else {
        rows.push(row);
        list.append(row.element);
      }
    }
    input.value = ""; // the same file may be chosen again when it was corrected
    update();
  }

  function removed(row) {
    const at = rows.indexOf(row);
    rows.splice(at, 1);
    row.element.remove();
    update();
    (rows[at]?.removeButton ?? rows[at - 1]?.removeButton ?? input).focus();
  }

  function clear() {
    for (const row of rows.filter((one) => one.state === "stored" || one.refused)) row.element.remove();
    rows.splice(0, rows.length, ...rows.filter((one) => one.state !== "stored" && !one.refused));
    said.textContent = "";
    update();
    input.focus();
  }

  function update() {
    const waiting = rows.filter((row) => row.isWaiting).length;
    bar.hidden = rows.length === 0;
    sendAll.hidden = waiting === 0;
    sendAll.disabled = isSending;
    sendAll.textContent = waiting === 1 ? "Store the file" : `Store all ${waiting} files`;
    many.hidden = rows.filter((row) => row.isUnchecked).length <= MOST_CHECKED;
    tidy.hidden = !rows.some((row) => row.state === "stored" || row.refused);
    for (const row of rows) row.sendButton.disabled = isSending;
  }

  /**
   * Check the files that have not been, unless there are many: nobody looks at each of forty. A `row` is checked in any case.
   * @param {FileRow} [row]
   */
  function checkSoon(row) {
    if (row) asked.add(row);
    checks ??= checkAll().finally(() => {
      checks = null;
    });
  }

  async function checkAll() {
    for (;;) {
      const unchecked = rows.filter((row) => row.isUnchecked);
      const next = unchecked.find((row) => asked.has(row)) ?? (unchecked.length <= MOST_CHECKED ? unchecked[0] : undefined);
      if (!next || isSending) return;
      asked.delete(next);
      await patiently(next, () => next.check());
    }
  }

  async function run(which) {
    if (isSending) return;
    const unclear = which.filter((row) => {
      row.showFault(row.fault(rows.filter((one) => one.isWaiting || which.includes(one))));
      return row.problem.textContent !== "";
    });
    if (unclear.length) {
      unclear[0].ticker.focus();
      return;
    }
    isSending = true;
    update();
    let stored = 0;
    try {
      await checks; // the one that is on its way; `isSending` keeps others from following
      for (const [at, row] of which.entries()) {
        said.textContent = which.length > 1 ? `File ${at + 1} of ${which.length} …` : "Sending …";
        if (!rows.includes(row) || row.state === "refused") continue; // removed meanwhile, or found faulty
        if (await patiently(row, () => row.store())) stored += 1;
      }
    } finally {
      isSending = false;
      checkSoon();
    }
    const missed = which.length - stored;
    said.textContent = [stored && `${stored} stored.`, missed && `${missed} not stored: see why above.`].filter(Boolean).join(" ");
    update();
  }

  return {
    element,
    choose(ticker) {
      wanted = ticker;
      input.click();
    },
  };
}

/** Send a file to be checked or stored; past the budget of uploads, wait as long as the service asks for. */
async function patiently(row, send) {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (error.status !== 429) throw error;
      const seconds = Math.min(error.retryAfter ?? 5, MOST_WAITED_SECONDS);
      row.say(`The service takes no more uploads for the moment; goes on in ${seconds} s.`);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      if (!row.element.isConnected) return false;
    }
  }
}

function dropZone(input, mostBytes) {
  return h(
    "div",
    { class: "drop-zone" },
    h("p", { class: "drop-words" }, h("span", { class: "for-mouse" }, "Drop files here, or "), input, h("label", { for: "price-files", class: "button" }, "Choose files")),
    h(
      "p",
      { class: "small soft" },
      `One ticker each, up to ${formatBytes(mostBytes)}, as sites and tools export them. The header names date, open, high, low and close; volume and adjusted close are read where they are there.`,
    ),
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
