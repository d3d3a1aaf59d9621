// The score as a half circle from -1 to 1, its zones parted where the verdict changes.

import { svg } from "../dom.js";
import { formatScore } from "../format.js";

const EDGES = [-1, -0.6, -0.2, 0.2, 0.6, 1];
const ZONES = ["strong-sell", "sell", "hold", "buy", "strong-buy"];
const MIDDLE = { x: 80, y: 76 };
const RADIUS = 62;
const GAP = 0.012; // of the scale, between two zones

function point(score, radius) {
  const angle = (Math.PI * (1 - score)) / 2;
  return `${(MIDDLE.x + radius * Math.cos(angle)).toFixed(2)} ${(MIDDLE.y - radius * Math.sin(angle)).toFixed(2)}`;
}

export function gauge(score, verdict) {
  const zones = ZONES.map((name, at) => {
    const path = `M ${point(EDGES[at] + GAP, RADIUS)} A ${RADIUS} ${RADIUS} 0 0 1 ${point(EDGES[at + 1] - GAP, RADIUS)}`;
    return svg("path", { class: `zone ${name}`, d: path });
  });
  const shown = Math.max(-1, Math.min(1, score));
  return svg(
    "svg",
    { class: "gauge", viewBox: "0 0 160 104", width: 160, height: 104, role: "img", "aria-label": `Score ${formatScore(score)} on a scale from −1 to 1: ${verdict}` },
    zones,
    svg("path", { class: "needle", d: `M ${point(shown, RADIUS - 16)} L ${point(shown, RADIUS + 10)}` }),
    svg("text", { class: "gauge-score", x: MIDDLE.x, y: MIDDLE.y - 4, "text-anchor": "middle" }, formatScore(score)),
    svg("text", { class: "gauge-end", x: MIDDLE.x - RADIUS, y: MIDDLE.y + 18, "text-anchor": "middle" }, "Sell"),
    svg("text", { class: "gauge-end", x: MIDDLE.x + RADIUS, y: MIDDLE.y + 18, "text-anchor": "middle" }, "Buy"),
  );
}
