// Deliveries: what became of messages, in words, with every attempt; and sending one again.

import { api } from "../api.js";
import { byId, fill, focusedIn, h, notify } from "../dom.js";
import { formatCount, formatExactMoment, formatMoment } from "../format.js";
import { ago } from "../moments.js";
import { empty, show } from "../states.js";
import { readUrl, writeUrl } from "../url-state.js";
import { badge, statesOf } from "../words.js";
import { deliveryWords, followDelivery, tookWords } from "./following.js";

const PAGE = 30;
const MOST_FOLLOWED = 3; // of a page, each by calls of its own
const DEFAULTS = { status: "", channel: "" };

const status = /** @type {HTMLSelectElement} */ (byId("deliveries-status"));
const channel = /** @type {HTMLSelectElement} */ (byId("deliveries-channel"));
const wanted = readUrl(DEFAULTS);

function attempt({ at, outcome, code, ms, error, answer }) {
  return h(
    "li",
    {},
    h("div", { class: "row" }, badge("attempt", outcome), code !== null && h("span", {}, `Code ${code}`), h("span", { class: "small soft" }, `${formatExactMoment(at)} · ${tookWords(ms)}`)),
    error && h("p", { class: "small" }, error),
    answer && h("pre", { class: "small", tabindex: "0", role: "group", "aria-label": "What the receiver answered" }, answer),
  );
}

/** The message and its attempts, as they are when they are unfolded. */
async function unfolded(id) {
  const { message, attempts, event, next_at: next } = await api.get(`/deliveries/${id}`);
  return [
    message.text && h("p", { class: "message" }, message.text),
    h("p", { class: "small soft" }, "Tells ", h("code", {}, event), " · webhook-id ", h("code", {}, id), next && ` · is tried again ${formatMoment(next)}`),
    attempts.length ? h("ol", { class: "attempts", "aria-label": "Attempts" }, attempts.map(attempt)) : h("p", { class: "soft" }, "It has not been tried yet."),
  ].filter(Boolean);
}

function line(delivery, isOpen = false) {
  const { id, title, status: state, reason, channel: name, created_at: created, attempts } = delivery;
  const inside = h("div");
  const details = h(
    "details",
    { open: isOpen, ontoggle: () => details.open && show(inside, () => unfolded(id), "Looking for the attempts …") },
    h("summary", {}, attempts.length ? formatCount(attempts.length, "attempt", "attempts") : "No attempt yet"),
    inside,
  );
  const item = h(
    "li",
    { dataset: { delivery: id } },
    h("div", { class: "row" }, badge("delivery", state), h("span", { class: "title" }, title)),
    h("p", { class: "small soft" }, `${name} · `, ago(created)),
    reason && state !== "delivered" && h("p", { class: "small" }, reason),
    details,
    state !== "sending" && h("button", { type: "button", "aria-label": `Send again: ${title}`, onclick: (event) => sendAgain(delivery, item, event.currentTarget) }, "Send again"),
  );
  return item;
}

function drawAgain(item, delivery) {
  const hadFocus = focusedIn(item) !== null;
  const drawn = line(delivery, Boolean(item.querySelector("details")?.open));
  item.replaceWith(drawn);
  if (hadFocus) (drawn.querySelector("button") ?? drawn.querySelector("summary"))?.focus();
}

/** Lines of what is being sent tell what came of it, as soon as it was tried. */
function followLines(deliveries, items) {
  const isDue = ({ status: state, reason, attempts }) => state === "sending" || (state === "pending" && !attempts.length && !reason);
  const sending = [...deliveries.entries()].filter(([, delivery]) => isDue(delivery));
  for (const [place, { id, attempts }] of sending.slice(0, MOST_FOLLOWED)) {
    const item = items[place];
    followDelivery(id, attempts.length).then(
      (found) => item.isConnected && drawAgain(item, found),
      () => {}, // the line stays as it is
    );
  }
}

async function sendAgain({ id, title }, item, button) {
  if (button.getAttribute("aria-disabled")) return;
  button.setAttribute("aria-disabled", "true");
  try {
    const { attempts } = await api.get(`/deliveries/${id}`);
    await api.post(`/deliveries/${id}/retry`);
    const found = await followDelivery(id, attempts.length);
    drawAgain(item, found);
    notify(`“${title}” ${deliveryWords(found)}`);
  } catch (error) {
    button.removeAttribute("aria-disabled");
    notify(`It was not sent again. ${error.words ?? error.message}`, { problem: true });
  }
}

function add(list, more, { items, next_cursor: cursor }) {
  const lines = items.map((each) => line(each));
  list.append(...lines);
  followLines(items, lines);
  const next = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      add(list, more, await api.get("/deliveries", { ...wanted, limit: PAGE, cursor }));
    } catch (error) {
      button.disabled = false;
      notify(`The next deliveries did not come. ${error.words ?? error.message}`, { problem: true });
    }
  };
  fill(more, cursor && h("button", { type: "button", onclick: next }, "Show more"));
}

/** List the deliveries, those of `changes` from now on. */
export function drawDeliveries(changes = {}) {
  Object.assign(wanted, changes);
  status.value = wanted.status;
  channel.value = wanted.channel;
  writeUrl(wanted, DEFAULTS, { push: false });
  return show(byId("deliveries"), async () => {
    const page = await api.get("/deliveries", { ...wanted, limit: PAGE });
    if (!page.items.length)
      return wanted.status || wanted.channel ? empty("No such delivery", "Choose another status or channel.") : empty("Nothing was sent yet", "Test a channel to send the first message.");
    const list = h("ul", { class: "delivery-list", "aria-label": "Deliveries" });
    const more = h("div", { class: "row" });
    add(list, more, page);
    return [list, more];
  });
}

/** Offer channels as a filter. What is chosen stays, also where it is deleted. */
export function filterByChannels(channels) {
  const gone = wanted.channel && !channels.some(({ id }) => id === wanted.channel);
  fill(
    channel,
    h("option", { value: "" }, "Any"),
    channels.map(({ id, name }) => h("option", { value: id }, name)),
    gone && h("option", { value: wanted.channel }, "A deleted channel"),
  );
  channel.value = wanted.channel;
}

export function wireDeliveries() {
  fill(
    status,
    [["", "Any"], ...statesOf("delivery")].map(([value, name]) => h("option", { value }, name)),
  );
  if (!statesOf("delivery").some(([state]) => state === wanted.status)) wanted.status = "";
  const form = byId("deliveries-filter");
  const draw = () => drawDeliveries({ status: status.value, channel: channel.value });
  form.addEventListener("change", draw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
}
