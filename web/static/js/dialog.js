// A question before something is done: the browser's own dialog, so that focus and Escape work as people expect.

import { h } from "./dom.js";

let asked = 0;

/**
 * Ask; resolves to the given text ("" where none was asked for), or to null when it was called off.
 * `input` asks for a text.
 * @param {object} question
 * @param {string} question.title
 * @param {string} [question.words]
 * @param {string} question.confirm
 * @param {boolean} [question.isDanger]
 * @param {{label: string, value?: string, hint?: string, isRequired?: boolean, maxLength?: number} | null} [question.input]
 * @returns {Promise<string | null>}
 */
export function ask({ title, words, confirm, isDanger = false, input = null }) {
  asked += 1;
  const id = `dialog-${asked}`;
  const text =
    input &&
    h("input", {
      id: `${id}-text`,
      value: input.value,
      maxlength: String(input.maxLength ?? 200),
      autocomplete: "off",
      required: input.isRequired,
      "aria-describedby": input.hint ? `${id}-hint` : null,
    });
  const yes = h("button", { type: "submit", class: isDanger ? "danger" : "primary" }, confirm);
  const no = h("button", { type: "button", onclick: () => dialog.close() }, "Leave it");
  const form = h(
    "form",
    { class: "stack" },
    h("h2", { id: `${id}-title` }, title),
    words && h("p", {}, words),
    text && h("div", { class: "field" }, h("label", { for: text.id }, input.label), text, input.hint && h("p", { class: "small soft", id: `${id}-hint` }, input.hint)),
    h("div", { class: "row end" }, no, yes),
  );
  const dialog = h("dialog", { class: "ask", "aria-labelledby": `${id}-title` }, form);
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {string | null} */
    let answer = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer = text ? text.value.trim() : "";
      if (text && input.isRequired && !answer) {
        text.value = "";
        text.reportValidity();
        answer = null;
        return;
      }
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.();
      resolve(answer);
    });
    dialog.showModal();
    (text ?? no).focus();
  });
}
