// What can be told of a price file without the service: its ticker by its name, and where in it a fault is.

import { isTicker } from "../tickers.js";

const NOT_TEXT = /\.(xls|ods|numbers|zip|gz|pdf|docx?|parquet|png|jpe?g)$/i;
const LONGEST_SHOWN = 240;
const AROUND = 1;

// What sites write into the names of their files beside the ticker; the service knows the same (features/prices/files/names.py).
const WORDS = new Set(
  (
    "DAILY PRICE PRICES HISTORY HISTORICAL HISTORICALDATA HISTORICALQUOTES HISTORICALPRICES DATA QUOTE QUOTES OHLC OHLCV ADJUSTED MAX 1D NEW COPY STOCK KURSE KURS DOWNLOAD EXPORT TABLE " +
    "CHART D US NASDAQ NYSE AMEX XETRA BATS LSE TSE BOOK1 SHEET1 UNTITLED FILE CSV FOR OF"
  ).split(" "),
);
const DATE = /^(19|20)\d\d([-_.]?\d\d){0,2}$/;

/** The ticker that a file name speaks of; "" when it speaks of none, or of several words. "aapl_us_d (2).csv" → "AAPL". */
export function tickerFromName(name) {
  const stem = name
    .replace(/^.*[\\/]/, "")
    .replace(/(\.(csv|txt|tsv|xlsx|xlsm))+$/i, "")
    .replace(/\s*\(\d+\)$/, "")
    .trim()
    .toUpperCase();
  const parts = stem.split(/[\s,;()[\]_]+/).map((part) => part.replace(/^[.-]+|[.-]+$/g, ""));
  const left = parts.filter((part) => part && !WORDS.has(part) && !DATE.test(part));
  return left.length === 1 && isTicker(left[0]) ? left[0] : "";
}

/** Why a file need not be sent; null when it may be. */
export function refusalOf(file, mostBytes, formatBytes) {
  if (file.size === 0) return "The file is empty.";
  if (NOT_TEXT.test(file.name) && !isArchive(file.name)) return "This is neither a CSV file nor an .xlsx workbook. Save it as one of them and choose that file.";
  if (file.size > mostBytes) return `The file has ${formatBytes(file.size)}; at most ${formatBytes(mostBytes)} are taken. Leave out older days, or split it and extend.`;
  return null;
}

/** "line 3, column Close" → {line: 3, column: "Close"}; null where no place is named. */
export function placeOf(text) {
  const match = /^line (\d+)(?:, column (.+))?$/.exec(text ?? "");
  return match && { line: Number(match[1]), column: match[2] ?? null };
}

/** The lines of a file as the service counts them. */
export function linesOf(text) {
  return text.split(/\r\n|\r|\n/);
}

/** The lines around one, as [{number, text, isFault, isCut}]; the header comes first where it is not among them. */
export function excerpt(lines, line) {
  const numbers = [];
  for (let number = Math.max(1, line - AROUND); number <= Math.min(lines.length, line + AROUND); number += 1) numbers.push(number);
  if (numbers.length && numbers[0] > 1) numbers.unshift(1);
  return numbers
    .map((number) => ({ number, text: lines[number - 1].slice(0, LONGEST_SHOWN), isFault: number === line, isCut: lines[number - 1].length > LONGEST_SHOWN }))
    .filter((shown, at, all) => shown.text !== "" || shown.isFault || at < all.length - 1);
}

/** A line cut into [{text, isFault}], the cells of some columns being at fault; null where cells cannot be told apart so simply. */
export function cellsIn(header, text, columns) {
  if (header.includes('"') || text.includes('"')) return null;
  const names = header.split(",").map(tidy);
  const faulty = new Set(columns.filter((column) => column !== null).map(tidy));
  const cells = text.split(",").map((cell, at) => ({ text: cell, isFault: faulty.has(names[at]) }));
  return cells.some((cell) => cell.isFault) ? cells : null;
}

function tidy(cell) {
  return cell.toLowerCase().replaceAll("_", " ").replace(/\s+/g, " ").trim();
}

const WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const isWorkbook = (name) => /\.xls[xm]$/i.test(name);

/** The content type that a file is sent with. */
export const typeOf = (name) => (isWorkbook(name) ? WORKBOOK : "text/csv");

const NO_TEXT = /^\s*(<|%PDF-|PK)/; // a page, a PDF, an archive

/** The text in which faults can be shown; "" of a workbook, and of what is no table at all. */
export async function shownText(file) {
  if (isWorkbook(file.name)) return file.arrayBuffer().then(() => "");
  const text = await file.text();
  return NO_TEXT.test(text) ? "" : text;
}

export const ZIP = "application/zip";
const END_BYTES = 64000; // of either end of a table, in which a second ticker is looked for
const TICKER_COLUMNS = new Set(["ticker", "symbol", "stocksymbol"]);
const HEAD_LINES = 20;

/** Whether a file holds the prices of many tickers: an archive, or a table whose column of tickers names more than one. */
export async function isOfMany(file) {
  if (isArchive(file.name)) return true;
  if (isWorkbook(file.name)) return false;
  const head = linesOf(await file.slice(0, END_BYTES).text());
  const above = head.slice(0, HEAD_LINES).findIndex((line) => columnOf(line) !== null);
  const column = columnOf(head[above] ?? "");
  if (column === null) return false;
  const tail = linesOf(await file.slice(Math.max(END_BYTES, file.size - END_BYTES)).text());
  // The last line of the head and the first of the tail may be cut.
  const cells = [...head.slice(above + 1, -1), ...tail.slice(1)].map((line) => line.split(column.delimiter)[column.at] ?? "");
  return new Set(cells.map(tidy).filter(Boolean)).size > 1;
}

export const isArchive = (name) => /\.zip$/i.test(name);

/** Where a header has the column of tickers; null where a line is no such header. */
function columnOf(line) {
  for (const delimiter of [",", ";", "\t", "|"]) {
    const at = line.split(delimiter).findIndex((cell) => TICKER_COLUMNS.has(tidy(cell).replace(/[^a-z]/g, "")));
    if (at >= 0 && line.includes(delimiter)) return { delimiter, at };
  }
  return null;
}
