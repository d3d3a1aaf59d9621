// What may be switched on in the chart. `keys` are those of GET /series; `color` names a token of chart-theme.js.

/** Lines over the candles, and panes below them. */
export const OVERLAYS = [
  {
    key: "ema",
    label: "EMA 50/200",
    keys: ["ema_50", "ema_200"],
    lines: [
      { line: "ema_50", label: "EMA 50", kind: "line", color: "chart-fast" },
      { line: "ema_200", label: "EMA 200", kind: "line", color: "chart-slow" },
    ],
  },
  {
    key: "bollinger",
    label: "Bollinger",
    keys: ["bollinger"],
    lines: [
      { line: "bollinger_upper", label: "Upper band", kind: "line", color: "chart-band" },
      { line: "bollinger_middle", label: "Middle", kind: "dashed", color: "chart-band" },
      { line: "bollinger_lower", label: "Lower band", kind: "line", color: "chart-band" },
    ],
  },
  { key: "psar", label: "SAR", keys: ["psar"], lines: [{ line: "psar", label: "SAR", kind: "dots", color: "chart-dots" }] },
  {
    key: "rsi",
    label: "RSI",
    keys: ["rsi"],
    pane: { range: [0, 100], guides: [30, 70] },
    lines: [{ line: "rsi", label: "RSI 14", kind: "line", color: "chart-fast" }],
  },
  {
    key: "macd",
    label: "MACD",
    keys: ["macd"],
    pane: { guides: [0] },
    lines: [
      { line: "macd_histogram", label: "Histogram", kind: "histogram", color: "soft" },
      { line: "macd", label: "MACD", kind: "line", color: "chart-fast" },
      { line: "macd_signal", label: "Signal", kind: "line", color: "chart-slow" },
    ],
  },
  {
    key: "score",
    label: "Score",
    keys: ["score"],
    byStrategy: true,
    pane: { range: [-1, 1], guides: [-0.6, -0.2, 0.2, 0.6] },
    lines: [{ line: "score", label: "Score", kind: "baseline", color: "accent" }],
  },
];

/** Price lines that the analysis gives. */
export const MARKS = [
  { key: "levels", label: "Support and resistance" },
  { key: "trade", label: "Entry, stop, target" },
];

/** What a backtest gives, which is run once this is switched on. */
export const TRADES = { key: "trades", label: "Trades of a backtest" };

const SWITCHES = [...MARKS, ...OVERLAYS, TRADES];

/** The time spans, in months back from the newest bar. */
export const RANGES = { "3M": 3, "6M": 6, "1Y": 12, "5Y": 60, All: null };

const NOTHING = "none"; // an empty value in the address would mean the default

/** The address's list as a set of known keys. */
export function readShown(text) {
  const known = SWITCHES.map(({ key }) => key);
  return new Set(text.split(",").filter((key) => known.includes(key)));
}

/** A set of keys for the address, always in the same order. */
export function writeShown(shown) {
  const keys = SWITCHES.map(({ key }) => key).filter((key) => shown.has(key));
  return keys.join(",") || NOTHING;
}
