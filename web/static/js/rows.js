// One Tab stop a row: Tab goes from row to row, the arrow keys go within a row and up and down its column of controls.
//
// Every control stays a link or a button in reading order, so a screen reader's own cursor reaches each as before. Fields keep their own Tab
// stops and their own arrow keys.

const CONTROLS = "a[href], button:not(:disabled), summary";
const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

/**
 * Make the rows of `body` (a tbody, or a list) one Tab stop each, those that come later too. `row` selects them.
 * @template {HTMLElement} Body
 * @param {Body} body
 * @param {string} [row]
 * @returns {Body} the same element
 */
export function oneStopPerRow(body, row = "tr") {
  /** The row's own controls: those of a table within it belong to its rows. @type {(element: Element) => HTMLElement[]} */
  const allOf = (element) => /** @type {HTMLElement[]} */ ([...element.querySelectorAll(CONTROLS)]).filter((control) => control.closest(row) === element && !control.closest("[hidden]"));
  /** @type {(element: Element) => HTMLElement[]} */
  const controlsOf = (element) => allOf(element).filter((control) => control.checkVisibility());
  const rowOf = (node) => (node instanceof Element ? node : node?.parentElement)?.closest(row);

  /** @param {Element} element @param {HTMLElement | undefined} [stop] */
  const settle = (element, stop) => {
    const controls = allOf(element);
    const chosen = stop ?? controls.find((control) => control.tabIndex === 0 && control.dataset.stop) ?? controls[0];
    for (const control of controls) {
      const isStop = control === chosen;
      if (control.tabIndex !== (isStop ? 0 : -1)) control.tabIndex = isStop ? 0 : -1;
      if (isStop) control.dataset.stop = "true";
      else delete control.dataset.stop;
    }
  };

  body.addEventListener("focusin", (event) => {
    const control = /** @type {HTMLElement} */ (event.target);
    const element = rowOf(control);
    if (element && control.matches(CONTROLS)) settle(element, control);
  });

  body.addEventListener("keydown", (event) => {
    const focused = /** @type {HTMLElement} */ (event.target);
    const element = rowOf(focused);
    if (!element || !KEYS.has(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !focused.matches(CONTROLS)) return;
    const target = event.key.startsWith("Arrow") && /Up|Down/.test(event.key) ? above(event.key === "ArrowUp" ? -1 : 1) : beside();
    if (!target) return;
    event.preventDefault();
    target.focus();

    function beside() {
      const controls = controlsOf(/** @type {Element} */ (element));
      const at = controls.indexOf(focused);
      return { ArrowLeft: controls[at - 1], ArrowRight: controls[at + 1], Home: controls[0], End: controls.at(-1) }[event.key];
    }

    /** The control of the next row that has any, at the same place in it. @param {number} step */
    function above(step) {
      const at = controlsOf(/** @type {Element} */ (element)).indexOf(focused);
      const rows = [...body.querySelectorAll(row)];
      for (let next = rows.indexOf(/** @type {Element} */ (element)) + step; next >= 0 && next < rows.length; next += step) {
        const controls = controlsOf(rows[next]);
        if (controls.length) return controls[Math.min(at, controls.length - 1)];
      }
      return null;
    }
  });

  for (const element of body.querySelectorAll(row)) settle(element);
  new MutationObserver((changes) => {
    /** @type {Set<Element>} */
    const touched = new Set();
    for (const { target, addedNodes } of changes) {
      const changed = rowOf(target);
      if (changed && body.contains(changed)) touched.add(changed);
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches(row)) touched.add(node);
        for (const inner of node.querySelectorAll(row)) touched.add(inner);
      }
    }
    for (const element of touched) settle(element);
  }).observe(body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "hidden", "href"] });
  return body;
}
