// Results of prices that were replaced as one: the word for them, and running them again.

import { api } from "./api.js";
import { fill, h, notify } from "./dom.js";

const WHY = "Its prices were replaced as a whole since: after a split or a dividend, or by another provider. It is not compared with newer results.";

/** The mark of a superseded result. */
export const supersededBadge = () => h("span", { class: "badge superseded", title: WHY }, "Superseded");

/**
 * A button that runs superseded results again, all or those that `order` names, and the area where the progress of its tasks stands.
 * `onEnd()` is called when all have ended.
 */
export function runAgainButton(order, onEnd, area = h("div", { class: "run-again" })) {
  const button = h("button", { type: "button", class: "small", dataset: { part: "run-again" } }, "Run again");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const [jobs, { followJob }] = await Promise.all([ask(order), import("./bulk-run.js")]);
    const lines = jobs.map(() => h("div", {}));
    fill(area, lines);
    await Promise.all(jobs.map((job, at) => followJob(lines[at], job)));
    button.disabled = false;
    if (jobs.length) await onEnd();
  });
  return { button, area };
}

async function ask(order) {
  try {
    const { items } = await api.post("/results/rerun", order);
    if (!items.length) notify("Nothing is to be run again: the latest results are of the prices as they are now.");
    return items;
  } catch (error) {
    notify(`Nothing was run again. ${error.words ?? error.message}`, { problem: true });
    return [];
  }
}
