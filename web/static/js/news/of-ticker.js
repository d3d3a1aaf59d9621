// News about a ticker and the regime, on its page; nothing where there is none.

import { api } from "../api.js";
import { h } from "../dom.js";
import { newsList, regimeCard } from "./items.js";

const SHOWN = 5;

/** The cards, as many as have something to show. */
export async function context(ticker) {
  const [news, regime] = await Promise.all([api.get("/news", { ticker, limit: SHOWN }).catch(() => null), api.get("/macro/regime").catch(() => null)]);
  const cards = [];
  if (news?.items.length) {
    const more = h("p", {}, h("a", { href: `/news?${new URLSearchParams({ ticker })}` }, "All news and feeds"));
    cards.push(h("section", { class: "card", "aria-labelledby": "ticker-news" }, h("h2", { id: "ticker-news" }, `News about ${ticker}`), newsList(news.items), more));
  }
  if (regime && (regime.votes_known > 0 || regime.cycle.phase !== "unknown")) {
    const details = h(
      "details",
      { class: "card" },
      h("summary", {}, `Macro regime: ${regime.regime}${regime.cycle.phase === "unknown" ? "" : `; cycle by rule: ${regime.cycle.phase}`}`),
      regimeCard(regime),
    );
    cards.push(details);
  }
  return cards;
}
