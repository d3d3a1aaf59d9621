// The files that brought a ticker's prices, as they were sent.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { formatCount, formatMoment } from "../format.js";
import { formatBytes, saveFor } from "../transfer.js";

const SHOWN = 50;

/** Load the list, folded up; null where nothing is kept. */
export async function originals(ticker) {
  const path = `/prices/${encodeURIComponent(ticker)}/originals`;
  const { items } = await api.get(path, { limit: SHOWN });
  if (!items.length) return null;
  const summary = h("summary", {}, words(items.length));
  const list = h(
    "ul",
    { class: "plain-list" },
    items.map((item) => row(item, `${path}/${item.id}`, gone)),
  );
  const element = h("details", { class: "originals", id: `originals-${ticker}` }, summary, list);
  function gone() {
    if (list.childElementCount) summary.textContent = words(list.childElementCount);
    else element.remove();
  }
  return element;
}

const words = (count) => `${formatCount(count, "uploaded file", "uploaded files")}, as sent`;

function row(item, path, gone) {
  const when = formatMoment(item.created_at);
  const save = h("button", { type: "button", "aria-label": `Download ${item.name} of ${when}`, onclick: () => saveFor(save, path, { name: item.name }) }, "Download");
  const remove = h(
    "button",
    {
      type: "button",
      "aria-label": `Remove ${item.name} of ${when}`,
      onclick: async () => {
        remove.disabled = true;
        try {
          await api.delete(path);
          element.remove();
          gone();
          notify(`${item.name} is removed; the prices stay.`);
        } catch (error) {
          remove.disabled = false;
          notify(error.words, { problem: true });
        }
      },
    },
    "Remove",
  );
  const element = h(
    "li",
    { class: "row" },
    h("span", {}, item.name, h("span", { class: "soft small" }, ` ${formatBytes(item.bytes)}, ${when}, kept until ${formatMoment(item.expires_at)}`)),
    save,
    remove,
  );
  return element;
}
