// Where one was in a long list: whoever comes back from a ticker, or loads the page again, is there again.

/** @typedef {{ticker: string, top: number, focus: string | null}} Place */

const MOST_FRAMES = 20;
const STILL_FRAMES = 3;
const KEY = () => `overview.place${location.search}`;

/** When the page is left, keep where the row with the focus stands, else the first that is in sight. @param {() => HTMLElement[]} rows */
export function keepPlace(rows) {
  history.scrollRestoration = "manual"; // the rows are not there yet when the browser would restore
  addEventListener("pagehide", () => {
    const isInSight = (row) => row.getBoundingClientRect().bottom > 0 && row.getBoundingClientRect().top < innerHeight;
    /** @type {HTMLElement | null | undefined} */
    const focused = document.activeElement?.closest("tr[data-ticker]");
    const kept = focused && isInSight(focused) ? focused : rows().find(isInSight);
    const place = scrollY > 0 && kept ? { ticker: kept.dataset.ticker, top: kept.getBoundingClientRect().top } : { ticker: "", top: 0 };
    try {
      sessionStorage.setItem(KEY(), JSON.stringify({ ...place, focus: focused?.dataset.ticker ?? null }));
    } catch {
      // A browser that keeps nothing begins at the top.
    }
  });
}

/** Go to where the page was left, where it was come back to. @param {(ticker: string) => HTMLElement | undefined} rowOf */
export async function returnToPlace(rowOf) {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (!["back_forward", "reload"].includes(navigation?.type)) return;
  /** @type {Place | null} */
  let place = null;
  try {
    place = JSON.parse(sessionStorage.getItem(KEY()) ?? "null");
  } catch {
    return;
  }
  if (!place) return;
  if (place.focus) rowOf(place.focus)?.querySelector("a")?.focus({ preventScroll: true });
  const row = place.ticker ? rowOf(place.ticker) : null;
  if (!row) return;
  // Rows out of sight have an estimated height, which is corrected as they come into sight, a frame later.
  for (let frame = 0, still = 0; frame < MOST_FRAMES && still < STILL_FRAMES; frame += 1) {
    const off = row.getBoundingClientRect().top - place.top;
    still = Math.abs(off) < 1 ? still + 1 : 0;
    scrollBy({ top: off, behavior: "instant" });
    await new Promise(requestAnimationFrame);
  }
}
