// Numbers and times for people: in the page's language, the viewer's zone, and the habits of their region where the page's language is spoken there.

/** The language of dates: the viewer's own kind of the page's language (en-US), else the one that most of the world reads with ease. */
const LANGUAGE = document.documentElement.lang;
const OTHERWISE = "en-GB"; // 28 Nov 2026, 17:05
export const dateLanguage = navigator.languages.find((name) => name.startsWith(`${LANGUAGE}-`)) ?? OTHERWISE;

const NONE = "–";
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MILLISECONDS = 86400000;
/** @type {Intl.DateTimeFormatOptions} */
const CALENDAR = { day: "numeric", month: "short", year: "numeric" };
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };

/** A number format: digits as the service's own sentences have them (1,234.56), whatever the region, since both stand side by side. */
export const numbers = (options) => new Intl.NumberFormat(LANGUAGE, options);

const price = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const smallPrice = numbers({ minimumSignificantDigits: 3, maximumSignificantDigits: 4 });
const whole = numbers({ maximumFractionDigits: 0 });
const compact = numbers({ notation: "compact", maximumFractionDigits: 1 });
const percent = numbers({ style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const share = numbers({ style: "percent", maximumFractionDigits: 0 });
const THRESHOLDS = [0.2, 0.6]; // of the score, between two verdicts
const MOST_SCORE_DIGITS = 6;
const scores = Array.from({ length: MOST_SCORE_DIGITS + 1 }, (_, digits) => numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }));
const moment = new Intl.DateTimeFormat(dateLanguage, { ...CALENDAR, ...CLOCK });
const exactMoment = new Intl.DateTimeFormat(dateLanguage, { ...CALENDAR, ...CLOCK, second: "2-digit" });
const clock = new Intl.DateTimeFormat(dateLanguage, { ...CLOCK, second: "2-digit" });
const hour = new Intl.DateTimeFormat(dateLanguage, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(dateLanguage, { ...CALENDAR, timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A price: two decimals, and below 1 four significant digits, as the service's sentences have it. */
export const formatPrice = (value) => formatMove(value, value);
/** A difference of a price from another, with as many decimals as the price has. */
export const formatMove = (move, of) => (isNumber(move) ? (Math.abs(of) < 1 && move !== 0 ? smallPrice : price).format(move) : NONE);
export const formatWhole = (value) => (isNumber(value) ? whole.format(value) : NONE);
/** "1 bar", "3,270 bars". */
export const formatCount = (number, one, many) => `${formatWhole(number)} ${number === 1 ? one : many}`;
export const formatCompact = (value) => (isNumber(value) ? compact.format(value) : NONE);
/** A score from -1 to 1, with its sign: near a threshold with three decimals, or as many as put it on its side of it. */
export function formatScore(value) {
  if (!isNumber(value)) return NONE;
  const size = Math.abs(value);
  const isNear = THRESHOLDS.some((threshold) => Number(size.toFixed(2)) === threshold);
  const isOnItsSide = (digits) => THRESHOLDS.every((threshold) => size >= threshold === Number(size.toFixed(digits)) >= threshold);
  let digits = isNear ? 3 : 2;
  while (digits < MOST_SCORE_DIGITS && !isOnItsSide(digits)) digits += 1;
  return scores[digits].format(value);
}
/** 1.5 → +1.50%. */
export const formatPercent = (value) => (isNumber(value) ? percent.format(value / 100) : NONE);
/** 0.42 → 42%. */
export const formatShare = (value) => (isNumber(value) ? share.format(value) : NONE);
/** A moment (ISO 8601 with zone) in the viewer's zone, which it names. */
export const formatMoment = (iso) => (iso ? moment.format(new Date(iso)) : NONE);
/** A moment to the second, for what lasts for seconds. */
export const formatExactMoment = (iso) => (iso ? exactMoment.format(new Date(iso)) : NONE);
/** The time of day of a moment of today, with its zone. */
export const formatClock = (iso) => (iso ? clock.format(new Date(iso)) : NONE);
/** When something will be: "at 14:05" today, else the day as well. */
export function formatSoon(iso, now = new Date()) {
  if (!iso) return NONE;
  const then = new Date(iso);
  return then.toDateString() === now.toDateString() ? `at ${hour.format(then)}` : `on ${moment.format(then)}`;
}
/** A trading day (YYYY-MM-DD), which has no zone. */
export const formatDay = (iso) => (iso ? day.format(new Date(`${iso}T00:00:00Z`)) : NONE);

/** Whether a day lies before today. @param {string} iso */
export const isPast = (iso, now = new Date()) => iso < now.toISOString().slice(0, 10);

/** "3 minutes ago" of a moment; "yesterday" or "12 days ago" of a day, which has no hours. */
export function formatAgo(iso, now = Date.now()) {
  if (!iso) return NONE;
  if (DAY.test(iso)) return daysAgo(iso, new Date(now));
  const seconds = (new Date(iso).getTime() - now) / 1000;
  for (const [unit, size] of UNITS) if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return "just now";
}

function daysAgo(iso, now) {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()); // the viewer's day
  const days = Math.round((new Date(`${iso}T00:00:00Z`).getTime() - today) / DAY_MILLISECONDS);
  if (Math.abs(days) < 60) return relative.format(days, "day");
  return Math.abs(days) < 730 ? relative.format(Math.round(days / 30.44), "month") : relative.format(Math.round(days / 365.25), "year");
}

/** Seconds as "1 min 20 s". */
export function formatDuration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 1) return "less than 1 s";
  const left = Math.round(seconds); // rounded once, so that no part of it reads 60
  if (left < 60) return `${left} s`;
  if (left < 3600) return `${Math.floor(left / 60)} min ${left % 60} s`;
  const minutes = Math.round(left / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
