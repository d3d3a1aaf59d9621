// Money and quantities, which the API tells as exact texts, for people.

import { numbers } from "../format.js";

const NONE = "–";
const MOST_PLACES = 10;
const CENTS = 2;
const money = numbers({ minimumFractionDigits: CENTS, maximumFractionDigits: CENTS });
const change = numbers({ minimumFractionDigits: CENTS, maximumFractionDigits: CENTS, signDisplay: "exceptZero" });
const exact = numbers({ maximumFractionDigits: MOST_PLACES });

const has = (value) => value !== null && value !== undefined && value !== "";

/** "1234.5" → 1,234.50, with the currency where one is told. @param {string | number | null | undefined} value @param {string} [currency] */
export const formatMoney = (value, currency = "") => (has(value) ? `${money.format(Number(value))}${currency && `\u00a0${currency}`}` : NONE);

/** The same with its sign: of gains and losses. @param {string | number | null | undefined} value @param {string} [currency] */
export const formatGain = (value, currency = "") => (has(value) ? `${change.format(Number(value))}${currency && `\u00a0${currency}`}` : NONE);

/** A quantity or a price with all its digits. @param {string | number | null | undefined} value */
export const formatExact = (value) => (has(value) ? exact.format(Number(value)) : NONE);

/** The class of a gain or a loss. @param {string | number | null | undefined} value */
export const toneOfGain = (value) => (!has(value) || Number(value) === 0 ? "" : Number(value) > 0 ? "up" : "down");
