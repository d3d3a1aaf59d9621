// Tickers as people type them, and where their pages are.

const TICKER = /^[A-Z0-9^][A-Z0-9.&^=_-]{0,19}$/i;
export const SEPARATORS = /[\s,;]+/;

/** Whether a text can be a ticker, in any case. */
export const isTicker = (text) => TICKER.test(text);

/** The words of a list that was typed or pasted, in capitals. */
export const tickersIn = (text) => text.toUpperCase().split(SEPARATORS).filter(Boolean);

/** The page of a ticker, by a strategy; `tab` names one of its tabs. @param {string} ticker @param {string} [strategy] @param {string | null} [tab] */
export function tickerAddress(ticker, strategy = "balanced", tab = null) {
  const query = new URLSearchParams([...(tab ? [["tab", tab]] : []), ...(strategy === "balanced" ? [] : [["strategy", strategy]])]);
  return `/tickers/${encodeURIComponent(ticker)}${query.size ? `?${query}` : ""}`;
}
