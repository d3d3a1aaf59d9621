// The part of a page where everything is exported and removed: what would go, the download, and the button behind it.

import { api } from "../api.js";
import { section } from "../diagnostics/section.js";
import { h, notify } from "../dom.js";
import { formatCount, formatMoment, formatWhole } from "../format.js";
import { confirmRemoval } from "./confirming.js";

const ASKED_AGAIN_MS = 2000; // after the download has begun, until it counts
const MOST_ASKED = 300;
const SHOWN = 8; // kinds of thing, the most numerous

/**
 * @param {object} zone
 * @param {string} zone.title
 * @param {string} zone.words
 * @param {string} zone.path - of the export and the removal
 * @param {string} zone.button
 * @param {(told: any) => any[]} zone.draw - what is said besides the numbers
 * @param {(told: any) => string} zone.obstacle - what stands in the way; "" for nothing
 * @param {(told: any) => {label: string, name: string, words: string}} zone.question
 * @param {boolean} zone.hasPassword
 * @param {() => any} zone.done
 */
export function dangerZone({ title, words, path, button, draw, obstacle, question, hasPassword, done }) {
  let asked = 0;
  const load = () => api.post(`${path}/removal`, { dry_run: true });
  const part = section({ id: "removal", title, isWide: true, controls: h("p", { class: "soft" }, words), load, draw: drawn });

  function drawn(told) {
    const why = told.stays ? "The first organization cannot be removed: the master key acts for it." : obstacle(told);
    const last = told.exported_at ? `Last downloaded ${formatMoment(told.exported_at)}.` : "Not downloaded yet.";
    const remove = h("button", { type: "button", class: "danger", id: "removal-button", disabled: Boolean(why) || told.export_needed, onclick: () => ask(told) }, button);
    return [
      counts(told.kinds),
      draw(told),
      h("h3", {}, "1. Download everything"),
      h("p", { class: "small soft", id: "removal-exported" }, "A ZIP file with lines of JSON and the stored files, without secrets. ", last),
      h("a", { class: "button", id: "removal-export", href: `/api/v1${path}/export`, download: "", onclick: () => askAgain(told.exported_at) }, "Download everything"),
      h("h3", {}, "2. Remove everything"),
      h(
        "p",
        { class: why ? "remedy" : "small soft", id: "removal-obstacle" },
        why || (told.export_needed ? "Once the download has come to its end, within the last 24 hours." : "It cannot be undone."),
      ),
      !told.stays && remove,
    ];
  }

  function counts(kinds) {
    const most = kinds.toSorted((one, other) => other.rows - one.rows).slice(0, SHOWN);
    const words_ = most.map(({ kind, rows }) => `${kind.replaceAll("_", " ")}: ${formatWhole(rows)}`);
    const others = kinds.length - most.length;
    return h("p", { id: "removal-counts" }, "What there is, by kind: ", words_.join(", "), others > 0 && `, and ${formatCount(others, "other kind", "other kinds")}`, ".");
  }

  /** The browser does not say when a download has ended; the service does. @param {string | null} before */
  function askAgain(before) {
    asked = 0;
    const again = async () => {
      const problem = await part.refresh();
      asked += 1;
      const isDone = !document.getElementById("removal-exported")?.textContent?.includes(before ? formatMoment(before) : "Not downloaded yet");
      if (!problem && !isDone && asked < MOST_ASKED) setTimeout(again, ASKED_AGAIN_MS);
    };
    setTimeout(again, ASKED_AGAIN_MS / 4);
  }

  async function ask(told) {
    const send = (sent) => api.post(`${path}/removal`, sent);
    if (!(await confirmRemoval({ title: `${title}?`, confirm: title, hasPassword, send, ...question(told) }))) return;
    notify("It is removed.");
    done();
  }

  return part;
}
