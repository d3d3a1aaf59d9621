// A form to try an operation: with the key of the page, or as whoever is signed in to the dashboard in this browser.

import { code, h } from "./elements.js";
import { asText, exampleOf } from "./schema.js";

const LONGEST_SHOWN = 200000; // characters of an answer
const SHOWN_HEADERS = ["content-type", "etag", "location", "retry-after", "link", "ratelimit", "x-request-id"];
const QUOTED_NAME = /filename="?([^";]+)/i; // of a file, in Content-Disposition
const MAY_REPLACE = ["put", "patch", "delete"];
const ROOT = new URL(".", document.baseURI);

let made = 0;
/** @type {Promise<string> | null} */
let sessionToken = null;

/**
 * @param {{method: string, path: string, operation: any}} call
 * @param {import("./schema.js").Schemas} schemas
 */
export function trial({ method, path, operation }, schemas) {
  made += 1;
  const id = `trial-${made}`;
  const fields = (operation.parameters ?? []).map((node, at) => {
    const parameter = schemas.at(node);
    const example = String(parameter.example ?? (parameter.required ? schemas.example(parameter.schema) : "") ?? "");
    // A header is a condition or a key of one request: with one that is filled in, sending twice would fail or repeat the first answer.
    const shown = parameter.in === "header" ? { placeholder: example } : { value: example };
    const input = h("input", { id: `${id}-${at}`, autocomplete: "off", spellcheck: "false", required: parameter.required, ...shown });
    return { parameter, input };
  });
  const accepted = h(
    "select",
    { id: `${id}-accept` },
    Object.keys(schemas.at(operation.responses["200"])?.content ?? {}).map((name) => h("option", {}, name)),
  );
  const content = schemas.at(operation.requestBody)?.content ?? {};
  const types = Object.keys(content);
  const type = h(
    "select",
    { id: `${id}-type` },
    types.map((name) => h("option", {}, name)),
  );
  const text = h("textarea", { id: `${id}-body`, rows: "8", spellcheck: "false" });
  const file = h("input", { id: `${id}-file`, type: "file" });
  const request = h("div", {});
  const outcome = h("div", { role: "status", tabindex: "-1" });
  const submit = h("button", { type: "submit" }, "Send");
  const stop = h("button", { type: "button", hidden: true }, "Stop");

  const fillBody = () => {
    const media = content[type.value];
    if (!media) return;
    const example = exampleOf(schemas, media);
    text.value = example === "text" ? "" : asText(example); // a kind's placeholder is no body
  };
  const given = () => fields.filter(({ input }) => input.value !== "");
  const url = () => {
    let filled = path.replace(/^\//, "");
    const query = new URLSearchParams();
    for (const { parameter, input } of given()) {
      if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (parameter.in === "query") query.set(parameter.name, input.value);
    }
    return `${new URL(filled, ROOT)}${query.size ? `?${query}` : ""}`;
  };
  const headers = () => {
    /** @type {Record<string, string>} */
    const sent = {};
    for (const { parameter, input } of given()) if (parameter.in === "header") sent[parameter.name] = input.value;
    if (types.length) sent["Content-Type"] = type.value;
    if (accepted.options.length > 1) sent.Accept = accepted.value;
    return sent;
  };
  const mayReplace = () => (MAY_REPLACE.includes(method) || operation["x-replaces-data"]) && !given().some(({ parameter, input }) => parameter.name === "dry_run" && input.value === "true");
  const tell = () => request.replaceChildren(code("The call by curl", curl(method, url(), headers(), types.length && !file.files?.length ? text.value : "", file.files?.[0])));

  const form = h(
    "form",
    { class: "trial", oninput: tell },
    fields.map(({ parameter, input }) => h("div", { class: "field" }, h("label", { for: input.id }, `${parameter.name} (${parameter.in})`), input)),
    types.length > 0 && [
      h("div", { class: "field" }, h("label", { for: type.id }, "Content type"), type),
      h("div", { class: "field wide" }, h("label", { for: text.id }, "Body"), text),
      types.some((name) => !name.includes("json")) && h("div", { class: "field" }, h("label", { for: file.id }, "or a file"), file),
    ],
    accepted.options.length > 1 && h("div", { class: "field" }, h("label", { for: accepted.id }, "Answer as"), accepted),
    h("div", { class: "row" }, submit, stop),
    request,
    outcome,
  );
  type.addEventListener("change", fillBody);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (mayReplace() && !confirm(`${method.toUpperCase()} ${url()}\n\nThis may change, replace or delete what is stored. Send it?`)) return;
    const abort = new AbortController();
    stop.onclick = () => abort.abort();
    submit.disabled = true;
    stop.hidden = false;
    outcome.replaceChildren(h("p", {}, "Waiting for the answer …"));
    outcome.focus();
    try {
      const body = types.length ? (file.files?.[0] ?? text.value) : undefined;
      const began = performance.now();
      const answer = await fetch(url(), {
        method: method.toUpperCase(),
        headers: { ...headers(), ...(await access(method)) },
        body,
        signal: abort.signal,
        credentials: keyField().value ? "omit" : "same-origin",
      });
      await show(outcome, answer, performance.now() - began);
    } catch (error) {
      if (error.name !== "AbortError") outcome.replaceChildren(h("p", { class: "bad" }, "There was no answer. See that the service runs and that you are online."));
      else outcome.append(h("p", {}, "Stopped."));
    }
    submit.disabled = false;
    stop.hidden = true;
  });
  fillBody();
  tell();
  return form;
}

const keyField = () => /** @type {HTMLInputElement} */ (document.getElementById("key"));

/** What says who calls: the key, or the token that a change by the dashboard's session needs. @param {string} method @returns {Promise<Record<string, string>>} */
async function access(method) {
  const key = keyField().value.trim();
  if (key) return { "X-API-Key": key };
  if (method === "get") return {};
  sessionToken ??= fetch(new URL("api/v1/session", ROOT))
    .then((answer) => (answer.ok ? answer.json() : null))
    .then((session) => session?.csrf_token ?? "");
  const token = await sessionToken;
  if (!token) sessionToken = null; // somebody may sign in meanwhile
  return token ? { "X-CSRF-Token": token } : {};
}

/** Show an answer; a stream as it comes. @param {HTMLElement} place @param {Response} answer @param {number} milliseconds */
async function show(place, answer, milliseconds) {
  const type = answer.headers.get("Content-Type") ?? "";
  const shown = [...answer.headers].filter(([name]) => SHOWN_HEADERS.includes(name)).map(([name, value]) => `${name}: ${value}`);
  const line = h("p", { class: answer.ok ? "good" : "bad" }, h("strong", {}, `${answer.status} ${answer.statusText}`), ` after ${Math.round(milliseconds)} ms`);
  const text = code("The answer", "");
  place.replaceChildren(line, code("Headers of the answer", shown.join("\n")), text);
  const lines = /** @type {HTMLElement} */ (text.firstElementChild);
  if (type.includes("event-stream") && answer.body) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) lines.append(piece.value);
  } else if (type.includes("json") || type.startsWith("text/")) {
    lines.textContent = pretty(await answer.text(), type);
  } else if (answer.status !== 204) {
    const content = await answer.blob();
    const name = QUOTED_NAME.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "answer";
    const link = h("a", { href: URL.createObjectURL(content), download: name }, `Save ${name} (${content.size.toLocaleString("en")} bytes)`);
    text.replaceWith(h("p", {}, link));
  } else text.remove();
}

function pretty(text, type) {
  let shown = text;
  if (type.includes("json")) {
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // It is shown as it came.
    }
  }
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}\n… ${(shown.length - LONGEST_SHOWN).toLocaleString("en")} characters more` : shown;
}

function curl(method, url, headers, body, file) {
  const quoted = (value) => `'${value.replaceAll("'", "'\\''")}'`;
  const parts = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(url)}`, '-H "X-API-Key: $BELLWETHER_KEY"'];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (file) parts.push(`--data-binary ${quoted(`@${file.name}`)}`);
  else if (body) parts.push(`--data-binary ${quoted(body)}`);
  return parts.join(" \\\n  ");
}
