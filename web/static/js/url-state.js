// The filters of a page live in its address: it can be shared, and the browser's back button works.

/** The address's values for some names, with their defaults. */
export function readUrl(defaults) {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, given.get(name) ?? value]));
}

/** The page's address with values, without those that are the default. */
export function addressOf(values, defaults) {
  const changed = Object.entries(values).filter(([name, value]) => value !== "" && value !== null && value !== undefined && value !== defaults[name]);
  const query = new URLSearchParams(changed);
  return query.size ? `${location.pathname}?${query}` : location.pathname;
}

/** Put values into the address, leaving out those that are the default; `push` makes a step for the back button. */
export function writeUrl(values, defaults, { push = true } = {}) {
  const url = addressOf(values, defaults);
  if (url === location.pathname + location.search) return;
  history[push ? "pushState" : "replaceState"](null, "", url);
}
