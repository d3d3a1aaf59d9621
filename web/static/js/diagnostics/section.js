// One part of the page: what it shows is asked for again and again, and drawn anew only when it has changed.

import { fill, focusedIn, h } from "../dom.js";
import { formatMoment } from "../format.js";
import { loading, problem } from "../states.js";

/**
 * A card. `load()` asks, `draw(data)` builds; `controls` stay as they are; `retry` asks again after a problem.
 * `refresh()` resolves to the problem, or to null. While the service does not answer, what was there before stays, and says so.
 * @param {object} part
 * @param {string} part.id
 * @param {string} part.title
 * @param {() => Promise<any>} part.load
 * @param {(data: any) => any} part.draw
 * @param {HTMLElement | null} [part.controls]
 * @param {boolean} [part.isWide]
 * @param {() => any} [part.retry]
 */
export function section({ id, title, load, draw, controls = null, isWide = false, retry = () => refresh() }) {
  const body = h("div", { class: "section-body" }, loading());
  const late = h("p", { class: "late small", hidden: true });
  const element = h("section", { class: isWide ? "card wide" : "card", id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), controls, late, body);
  /** @type {string | null} */
  let shown = null;
  /** @type {string | null} */
  let shownAt = null;

  async function refresh() {
    try {
      const data = await load();
      const now = JSON.stringify(data);
      if (now !== shown) redraw(draw(data));
      shown = now;
      shownAt = new Date().toISOString();
      late.hidden = true;
      return null;
    } catch (error) {
      if (!("status" in error)) console.error(error);
      if (shown === null) fill(body, problem(error, retry));
      else {
        late.hidden = false;
        late.textContent = `As of ${formatMoment(shownAt)}: ${error.words ?? error.message}`;
      }
      return error;
    }
  }

  function redraw(built) {
    const focused = focusedIn(body)?.id;
    fill(body, built);
    if (focused) document.getElementById(focused)?.focus();
  }

  return { element, refresh };
}

/** Names and values side by side. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => h("div", {}, h("dt", {}, name.charAt(0).toUpperCase() + name.slice(1)), h("dd", {}, value))),
  );
}

/** A table that scrolls by itself where it is too wide, by keyboard, too. On a phone each row is a card, whose cells name their columns. */
export function table(caption, heads, rows, kind = "") {
  for (const row of rows) for (const [column, cell] of [...row.cells].entries()) cell.dataset.title = heads[column][0];
  return h(
    "div",
    { class: "table-scroll", id: caption.toLowerCase().replace(/\W+/g, "-"), tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: kind },
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map(([name, type]) => h("th", { scope: "col", class: type }, name)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}
