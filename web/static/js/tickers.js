// Tickers as people type them, and where their pages are.

const TICKER = /^[A-Z0-9^][A-Z0-9.&^=_-]{0,19}$/i;
export const SEPARATORS = /[\s,;]+/;

/** Whether a text can be a ticker, in any case. */
export const isTicker = (text) => TICKER.test(text);

/** The words of a list that was typed or pasted, in capitals. */
export const tickersIn = (text) => text.toUpperCase().split(SEPARATORS).filter(Boolean);

/** The page of a ticker, by a strategy. */
export function tickerAddress(ticker, strategy = "balanced") {
  const address = `/tickers/${encodeURIComponent(ticker)}`;
  return strategy === "balanced" ? address : `${address}?strategy=${encodeURIComponent(strategy)}`;
}
