// The names of the chart's price lines: in a column of their own beside the price axis, each as near to its line as the others leave room for.

import { fill, h, svg } from "../dom.js";
import { formatPrice } from "../format.js";

const LEADER = 14; // pixels from the axis to the tags

/**
 * Where tags of a size go so that none covers another: as near as can be to what is wanted, which ascends, and within the height.
 * @param {number[]} wanted - middles
 * @param {number} size
 * @param {number} height
 * @returns {number[]} middles
 */
export function spread(wanted, size, height) {
  /** @type {{sum: number, count: number}[]} */
  const blocks = [];
  const middle = ({ sum, count }) => Math.max(Math.min(sum / count, height - (count * size) / 2), (count * size) / 2);
  const overlap = (above, below) => middle(above) + (above.count * size) / 2 > middle(below) - (below.count * size) / 2;
  for (const y of wanted) {
    let block = { sum: y, count: 1 };
    for (let above = blocks.at(-1); above && overlap(above, block); above = blocks.at(-1)) {
      block = { sum: above.sum + block.sum, count: above.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks.flatMap((block) => Array.from({ length: block.count }, (_, at) => middle(block) + (at - (block.count - 1) / 2) * size));
}

export class Tags {
  #placed = ""; // what is shown, as text: most frames change nothing

  constructor() {
    this.list = h("ul", { class: "chart-tag-list", "aria-label": "Prices marked in the chart" });
    this.leaders = svg("svg", { class: "chart-leaders", width: LEADER, height: "100%", "aria-hidden": "true" });
    this.element = h("div", { class: "chart-tags", hidden: true }, this.leaders, this.list);
  }

  /** The marks ([{price, title, color}]), which the column makes room for whether they are in sight or not. */
  setMarks(marks) {
    this.element.hidden = marks.length === 0;
    fill(
      this.list,
      [...marks]
        .sort((one, other) => other.price - one.price)
        .map(({ price, title, color }) => h("li", { class: `chart-tag of-${color}`, dataset: { price, color } }, h("span", {}, title), " ", h("strong", {}, formatPrice(price)))),
    );
    this.#placed = "";
  }

  /** Put each tag beside its line. `yOf(price)` is in pixels from the top of the pane, which is `height` high. */
  place(yOf, height) {
    const tags = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const lines = tags.map((tag) => yOf(Number(tag.dataset.price)));
    const isSeen = (y) => y !== null && y >= 0 && y <= height;
    const placed = JSON.stringify([lines, height]);
    if (placed === this.#placed || !tags.length) return;
    this.#placed = placed;
    for (const [at, tag] of tags.entries()) tag.classList.toggle("unseen", !isSeen(lines[at])); // it keeps its width, or the chart would change its own
    const seen = tags.map((tag, at) => ({ tag, line: lines[at] })).filter(({ line }) => isSeen(line));
    const size = Math.max(0, ...seen.map(({ tag }) => tag.offsetHeight));
    const middles = spread(
      seen.map(({ line }) => line),
      size,
      height,
    );
    for (const [at, { tag }] of seen.entries()) tag.style.setProperty("--top", `${middles[at] - size / 2}px`);
    this.leaders.replaceChildren(...seen.map(({ tag, line }, at) => svg("path", { class: `of-${tag.dataset.color}`, d: `M 0 ${line} L ${LEADER} ${middles[at]}` })));
  }
}
