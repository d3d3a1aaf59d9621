// News, the feeds that tell it, the regime, and the series that it is made of.

import { api } from "../api.js";
import { followJob } from "../bulk-run.js";
import { ask } from "../dialog.js";
import { byId, fill, h, notify } from "../dom.js";
import { formatAgo, formatDay, formatSoon, formatWhole } from "../format.js";
import { newsItem, regimeCard } from "../news/items.js";
import { empty, show } from "../states.js";

const PAGE = 30;
const asked = new URLSearchParams(location.search);
/** @type {HTMLInputElement} */
const tickerField = byId("news-ticker");
/** @type {HTMLSelectElement} */
const feedField = byId("news-feed");
tickerField.value = asked.get("ticker") ?? "";
let wantedFeed = asked.get("feed") ?? "";

const titleOf = (feed) => feed.title ?? feed.told_title ?? feed.url;
const words = (error) => error.words ?? error.message;

// ---- news -------------------------------------------------------------------------------------------------------------------------

function drawNews() {
  return show(byId("news"), async () => {
    const params = { ticker: tickerField.value.trim().toUpperCase() || undefined, feed: wantedFeed || undefined, limit: PAGE };
    const first = await api.get("/news", params);
    if (!first.items.length) return empty("No news", "Feeds that you add below are read every half hour; what they tell stands here.");
    const list = h("ul", { class: "news-list" });
    const more = h("div", { class: "row" });
    const add = ({ items, next_cursor: cursor }) => {
      list.append(...items.map(newsItem));
      fill(more, cursor && h("button", { type: "button", onclick: (event) => next(cursor, event.currentTarget) }, "Show more"));
    };
    const next = async (cursor, button) => {
      button.disabled = true;
      try {
        add(await api.get("/news", { ...params, cursor }));
      } catch (error) {
        button.disabled = false;
        notify(`The next news did not come. ${words(error)}`, { problem: true });
      }
    };
    add(first);
    return [list, more];
  });
}

byId("news-filter").addEventListener("submit", (event) => {
  event.preventDefault();
  wantedFeed = feedField.value;
  const query = new URLSearchParams();
  if (tickerField.value.trim()) query.set("ticker", tickerField.value.trim().toUpperCase());
  if (wantedFeed) query.set("feed", wantedFeed);
  history.replaceState(null, "", `/news${query.size ? `?${query}` : ""}`);
  drawNews();
});

// ---- feeds ------------------------------------------------------------------------------------------------------------------------

function drawFeeds() {
  return show(byId("feeds"), async () => {
    const { items } = await api.get("/feeds");
    fill(
      feedField,
      h("option", { value: "" }, "All feeds"),
      items.map((feed) => h("option", { value: feed.id, selected: feed.id === wantedFeed }, titleOf(feed))),
    );
    if (!items.length) return h("p", { class: "soft" }, "No feed is read.");
    return h("ul", { class: "news-list" }, items.map(feedRow));
  });
}

function feedRow(feed) {
  const name = titleOf(feed);
  const state = feed.enabled ? `next read ${formatSoon(feed.next_at)}` : "not read";
  const button = (label, act, kind = "") => h("button", { type: "button", class: kind, "aria-label": `${label}: ${name}`, onclick: (event) => act(event.currentTarget) }, label);
  return h(
    "li",
    { dataset: { feed: feed.id } },
    h("strong", {}, name),
    feed.ticker && ` · ${feed.ticker}`,
    h("p", { class: "small soft" }, feed.url),
    h("p", { class: "small soft" }, `${feed.fetched_at ? `Last read ${formatAgo(feed.fetched_at)}` : "Never read yet"} · ${state}`),
    feed.error && h("p", { class: "field-problem" }, feed.error),
    h(
      "div",
      { class: "row" },
      button("Read now", (control) => readNow(feed, control)),
      button(feed.enabled ? "Pause" : "Go on", () => change(feed, { enabled: !feed.enabled })),
      button("Delete", () => remove(feed), "danger"),
    ),
  );
}

async function readNow(feed, control) {
  control.disabled = true;
  try {
    await followJob(byId("feed-run"), await api.post(`/feeds/${feed.id}/fetch`));
    await Promise.all([drawFeeds(), drawNews()]);
  } catch (error) {
    control.disabled = false;
    notify(`The feed is not read. ${words(error)}`, { problem: true });
  }
}

async function change(feed, changes) {
  try {
    await api.patch(`/feeds/${feed.id}`, changes);
  } catch (error) {
    notify(`The feed stays as it was. ${words(error)}`, { problem: true });
  }
  await drawFeeds();
}

async function remove(feed) {
  const answer = await ask({ title: "Delete this feed?", words: `${titleOf(feed)} is read no longer, and what it told is deleted.`, confirm: "Delete", isDanger: true });
  if (answer === null) return;
  try {
    await api.delete(`/feeds/${feed.id}`);
    notify("The feed is deleted.");
  } catch (error) {
    notify(`The feed was not deleted. ${words(error)}`, { problem: true });
  }
  await Promise.all([drawFeeds(), drawNews()]);
}

/**
 * A form that sends once at a time, and tells a problem beside its field.
 * @param {string} id
 * @param {string} problemId
 * @param {HTMLInputElement} field
 * @param {() => Promise<any>} send
 */
function wire(id, problemId, field, send) {
  /** @type {HTMLFormElement} */
  const form = byId(id);
  const complain = (text) => {
    fill(byId(problemId), text);
    if (!text) return field.removeAttribute("aria-invalid");
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  form.addEventListener("input", () => complain(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    button.disabled = true;
    try {
      await send();
      form.reset();
    } catch (error) {
      complain(words(error));
    } finally {
      button.disabled = false;
    }
  });
}

/** @type {HTMLInputElement} */
const urlField = byId("feed-url");
/** @type {HTMLInputElement} */
const feedTicker = byId("feed-ticker");
wire("feed-form", "feed-problem", urlField, async () => {
  if (!urlField.value.trim()) throw new Error("Give the address of a feed, as in https://example.com/news.rss.");
  const feed = await api.post("/feeds", { url: urlField.value.trim(), ...(feedTicker.value.trim() ? { ticker: feedTicker.value.trim() } : {}) });
  notify("The feed is added, and read within a minute.");
  await drawFeeds();
  document.querySelector(`[data-feed="${feed.id}"] button`)?.scrollIntoView({ block: "nearest" });
});

// ---- macro ------------------------------------------------------------------------------------------------------------------------

const drawRegime = () => show(byId("regime"), async () => regimeCard(await api.get("/macro/regime")));

function drawSeries() {
  return show(byId("series"), async () => {
    const { items, configured } = await api.get("/macro");
    const note = h("p", { class: "small soft" }, configured ? "A provider is asked once a day." : "No provider is configured (FRED_URL); upload files.");
    if (!items.length) return [h("p", { class: "soft" }, "No series is stored."), note];
    return [h("ul", { class: "news-list" }, items.map(seriesRow)), note];
  });
}

function seriesRow({ series, fetch }) {
  const name = series?.series ?? fetch?.series ?? "";
  return h(
    "li",
    {},
    h("strong", {}, name),
    series?.title && ` · ${series.title}`,
    series &&
      h("p", { class: "small soft" }, `${formatWhole(series.observations)} values, ${formatDay(series.first_day)} to ${formatDay(series.last_day)}; last ${series.last_value} · ${series.source}`),
    fetch?.error && h("p", { class: "field-problem" }, fetch.error),
    series?.own && h("div", { class: "row" }, h("button", { type: "button", class: "danger", "aria-label": `Delete: ${name}`, onclick: () => removeSeries(name) }, "Delete")),
  );
}

async function removeSeries(name) {
  if ((await ask({ title: `Delete ${name}?`, confirm: "Delete", isDanger: true })) === null) return;
  try {
    await api.delete(`/macro/${encodeURIComponent(name)}`);
  } catch (error) {
    notify(`${name} was not deleted. ${words(error)}`, { problem: true });
  }
  await Promise.all([drawSeries(), drawRegime()]);
}

/** @type {HTMLInputElement} */
const seriesName = byId("series-name");
/** @type {HTMLInputElement} */
const seriesFile = byId("series-file");
wire("series-form", "series-problem", seriesName, async () => {
  const [name, file] = [seriesName.value.trim(), seriesFile.files?.[0]];
  if (!name || !file) throw new Error("Give a name, such as UNRATE, and choose a file.");
  const stored = await api.put(`/macro/${encodeURIComponent(name)}`, undefined, { body: file, type: "text/csv" });
  notify(`${stored.series} has ${formatWhole(stored.observations)} values.`);
  await Promise.all([drawSeries(), drawRegime()]);
});

drawNews();
drawFeeds();
drawRegime();
drawSeries();
