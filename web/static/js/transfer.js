// Files in and out: downloads whose problems can be said in words, and uploads with their progress.

import { ApiProblem, address, inSession, problemOf, request } from "./api.js";
import { heard, heardStatus, missed } from "./connection.js";
import { csrfToken, isFocusLost, notify } from "./dom.js";
import { numbers } from "./format.js";
import { organizationOfPage } from "./session.js";

const amount = numbers({ maximumFractionDigits: 1 });
const FOR_PEOPLE = { B: 1, KB: 1000, MB: 1000000 };

/** 1500 → "1.5 KB". */
export function formatBytes(bytes) {
  if (typeof bytes !== "number") return "–";
  const unit = bytes >= FOR_PEOPLE.MB ? "MB" : bytes >= FOR_PEOPLE.KB ? "KB" : "B";
  return `${amount.format(bytes / FOR_PEOPLE[unit])} ${unit}`;
}

/** The file name that an answer gives, or another. */
export function nameFrom(disposition, otherwise) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "");
  if (encoded) {
    try {
      return decodeURIComponent(encoded[1]);
    } catch {
      // It is no percent-encoding; the plain name may be there.
    }
  }
  const plain = /filename="?([^";]+)"?/i.exec(disposition ?? "");
  return plain ? plain[1] : otherwise;
}

/**
 * Save an answer as a file; returns `{name, bytes}`. Throws ApiProblem, with nothing saved.
 * @param {string} path
 * @param {{params?: Record<string, any>, accept?: string, name?: string}} options
 */
export async function download(path, { params, accept = "*/*", name = "bellwether" } = {}) {
  const answer = await request(address(path, params), { headers: { Accept: `${accept}, application/problem+json` } });
  const content = await answer.blob().catch(() => {
    missed();
    throw new ApiProblem(0);
  });
  if (!answer.ok) throw problemOf(answer.status, await content.text(), answer.headers.get("Retry-After"));
  const saved = nameFrom(answer.headers.get("Content-Disposition"), name);
  save(content, saved);
  return { name: saved, bytes: content.size };
}

/**
 * Save an answer as a file for whoever pressed a button, and say what became of it.
 * @param {HTMLButtonElement} button
 * @param {string} path
 * @param {{params?: Record<string, any>, accept?: string, name?: string}} options
 */
export async function saveFor(button, path, options) {
  button.disabled = true;
  try {
    const { name } = await download(path, options);
    notify(`${name} is saved.`);
  } catch (error) {
    notify(`Nothing was saved. ${error.words ?? error.message}`, { problem: true });
  } finally {
    button.disabled = false;
    if (isFocusLost()) button.focus();
  }
}

/**
 * PUT a file; `onProgress(0…1)` hears how much was sent. Resolves to the parsed answer; rejects with ApiProblem, or AbortError.
 * @param {string} path
 * @param {File} file
 * @param {{type: string, params?: Record<string, any>, onProgress?: (share: number) => void, signal?: AbortSignal}} options
 * @returns {Promise<any>}
 */
export async function upload(path, file, options) {
  const request = await inSession(
    true,
    () => put(address(path, options.params), file, options),
    (sent) => sent.status,
  );
  const { status, responseText } = request;
  if (status < 200 || status > 299) throw problemOf(status, responseText, request.getResponseHeader("Retry-After"));
  try {
    return JSON.parse(responseText);
  } catch {
    throw new ApiProblem(status, { detail: "The answer could not be read. Load the page again to see what is stored.", code: "unreadable", title: "Unreadable answer" });
  }
}

/** @param {string} url @param {File} file @param {Parameters<typeof upload>[2]} options @returns {Promise<XMLHttpRequest>} */
function put(url, file, { type, onProgress = () => {}, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what was sent so far
    const refuse = () => {
      missed();
      reject(new ApiProblem(0));
    };
    request.open("PUT", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", type);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.setRequestHeader("X-Organization", organizationOfPage());
    request.upload.addEventListener("progress", (event) => {
      heard(); // what takes the file is there, however long a probe waits behind it
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("error", refuse);
    request.addEventListener("timeout", refuse);
    request.addEventListener("abort", () => reject(new DOMException("The upload was stopped.", "AbortError")));
    request.addEventListener("load", () => {
      heardStatus(request.status);
      resolve(request);
    });
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser reads it after the click; an address given up at once would be an empty file in some.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
