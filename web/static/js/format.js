// Numbers and times for people: in the viewer's language and zone.

const NONE = "–";
const price = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export const formatPrice = (value) => (isNumber(value) ? price.format(value) : NONE);
export const formatWhole = (value) => (isNumber(value) ? whole.format(value) : NONE);
export const formatCompact = (value) => (isNumber(value) ? compact.format(value) : NONE);
/** A score from -1 to 1, with its sign. */
export const formatScore = (value) => (isNumber(value) ? signed.format(value) : NONE);
/** 1.5 → +1.50 %. */
export const formatPercent = (value) => (isNumber(value) ? percent.format(value / 100) : NONE);
/** 0.42 → 42 %. */
export const formatShare = (value) => (isNumber(value) ? share.format(value) : NONE);
/** A moment (ISO 8601 with zone) in the viewer's zone. */
export const formatMoment = (iso) => (iso ? moment.format(new Date(iso)) : NONE);
/** A trading day (YYYY-MM-DD), which has no zone. */
export const formatDay = (iso) => (iso ? day.format(new Date(`${iso}T00:00:00Z`)) : NONE);

/** "3 minutes ago". */
export function formatAgo(iso, now = Date.now()) {
  if (!iso) return NONE;
  const seconds = (new Date(iso).getTime() - now) / 1000;
  for (const [unit, size] of UNITS) if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return relative.format(0, "minute");
}

/** Seconds as "1 min 20 s". */
export function formatDuration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** How a verdict is coloured: good, bad or neither. */
export function toneOf(verdict) {
  if (verdict === "Buy" || verdict === "Strong Buy" || verdict === "BUY") return "good";
  if (verdict === "Sell" || verdict === "Strong Sell" || verdict === "SELL") return "bad";
  return "";
}
