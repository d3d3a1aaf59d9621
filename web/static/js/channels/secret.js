// The secret of a webhook: it is shown once, and no call tells it again.

import { copy } from "../copying.js";
import { byId, fill, h } from "../dom.js";

let shown = ""; // the channel whose secret stands there

/** Show the secret of an answer that has it, until it is put away or another one is made. */
export function showSecret({ id, name, secret }) {
  shown = id;
  const text = h("input", { id: "secret-text", readonly: true, value: secret, autocomplete: "off", spellcheck: "false" });
  const title = h("h2", { id: "secret-title", tabindex: "-1" }, `The secret of ${name}`);
  fill(
    byId("secret"),
    h(
      "section",
      { class: "card secret-once", "aria-labelledby": "secret-title" },
      title,
      h("p", {}, "It signs the messages, and is shown this once: store it with the receiver now."),
      h(
        "div",
        { class: "row" },
        h("label", { class: "visually-hidden", for: "secret-text" }, "Secret"),
        text,
        h("button", { type: "button", class: "primary", onclick: () => copy(secret, "The secret", text) }, "Copy"),
        h("button", { type: "button", onclick: putAway }, "I have stored it"),
      ),
    ),
  );
  title.focus();
}

/** Put the secret of a channel away, where it is the one that is shown. */
export function hideSecret(id) {
  if (shown === id) fill(byId("secret"));
}

function putAway() {
  fill(byId("secret"));
  byId("main").focus();
}
