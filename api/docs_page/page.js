// The documentation of the API, drawn from the service's own OpenAPI document: it works on a machine without internet.

import { h, prose } from "./elements.js";
import { wireKeys } from "./keys.js";
import { operationPart } from "./operation.js";
import { Schemas } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** The operations of a document by their first tag, in the document's order. */
function groupsOf(document) {
  /** @type {Map<string, {method: string, path: string, operation: any}[]>} */
  const groups = new Map((document.tags ?? []).map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const tag = operation.tags?.[0] ?? "Others";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag)?.push({ method, path, operation });
    }
  }
  return groups;
}

function draw(document_) {
  const schemas = new Schemas(document_);
  const about = new Map((document_.tags ?? []).map((tag) => [tag.name, tag.description]));
  place("title").textContent = `${document_.info.title} API`;
  place("version").textContent = document_.info.version;
  place("description").replaceChildren(...prose(document_.info.description));
  const sections = [...groupsOf(document_)]
    .filter(([, calls]) => calls.length)
    .map(([tag, calls]) => {
      const parts = calls.map((call) => {
        const part = operationPart(call, schemas);
        part.addEventListener("toggle", () => part.open && history.replaceState(null, "", `#/${encodeURIComponent(tag)}/${call.operation.operationId}`));
        return part;
      });
      return h("section", { id: `group-${tag}`, "aria-labelledby": `title-${tag}` }, h("h2", { id: `title-${tag}`, tabindex: "-1" }, tag), h("p", { class: "soft" }, prose(about.get(tag))), parts);
    });
  place("operations").replaceChildren(...sections);
  place("groups").replaceChildren(...[...groupsOf(document_)].filter(([, calls]) => calls.length).map(([tag]) => h("li", {}, h("a", { href: `#/${encodeURIComponent(tag)}` }, tag))));
}

/** Open what the address names: #/Tag or #/Tag/operationId. */
function follow() {
  const [, tag, operationId] = location.hash.split("/").map(decodeURIComponent);
  const part = operationId && document.getElementById(`operation-${operationId}`);
  if (part instanceof HTMLDetailsElement) {
    part.open = true;
    part.scrollIntoView();
    /** @type {HTMLElement | null} */ (part.querySelector("summary"))?.focus({ preventScroll: true });
  } else if (tag) {
    document.getElementById(`group-${tag}`)?.scrollIntoView();
    document.getElementById(`title-${tag}`)?.focus({ preventScroll: true });
  }
}

/** Show the operations that have all words. */
function filter() {
  const words = /** @type {HTMLInputElement} */ (place("filter")).value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("main section"))) {
    let inSection = 0;
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll(".operation"))) {
      part.hidden = !words.every((word) => part.dataset.words?.includes(word));
      if (!part.hidden) inSection += 1;
    }
    section.hidden = !inSection;
    shown += inSection;
  }
  const isLoaded = document.querySelector("main section");
  place("found").textContent = words.length && isLoaded ? (shown === 1 ? "1 operation" : `${shown} operations`) : "";
}

async function load() {
  try {
    const answer = await fetch("openapi.json");
    if (!answer.ok) throw new Error(`The service answered ${answer.status}.`);
    draw(await answer.json());
    filter(); // by what was typed meanwhile
    follow();
  } catch (error) {
    const again = h("button", { type: "button", onclick: load }, "Try again");
    place("operations").replaceChildren(h("p", { role: "alert", class: "bad" }, `The document could not be loaded. ${error.message}`), again);
  }
}

addEventListener("hashchange", follow);
place("filter").addEventListener("input", filter);
place("access").addEventListener("submit", (event) => event.preventDefault());
wireKeys(place("filter"), /** @type {HTMLDialogElement} */ (place("keys")));
load();
