// The page's colours for the canvas, which knows no CSS variables.

const TOKENS = ["card", "line", "text", "soft", "accent", "good", "bad", "warn", "chart-fast", "chart-slow", "chart-band", "chart-dots"];

/** Every token's present colour as rgb(…). They change with the viewer's light or dark preference. */
export function readTheme() {
  const probe = document.createElement("span");
  document.body.append(probe);
  const theme = {};
  for (const token of TOKENS) {
    probe.style.setProperty("color", `var(--${token})`);
    theme[token] = getComputedStyle(probe).color;
  }
  probe.remove();
  return theme;
}

/** rgb(…) with an opacity. */
export function withAlpha(color, alpha) {
  const [red, green, blue] = color.match(/[\d.]+/g);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

/** Call back whenever the preference changes. */
export function onThemeChange(callback) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback);
}
