// Which providers the prices of one ticker are asked of; for whoever looks after the installation, a choice.

import { api } from "../api.js";
import { h, notify } from "../dom.js";
import { readProviders } from "../providers.js";

const isOperator = () => /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="account"]')).content.endsWith(" operator");
const inWords = (names) => names.join(", then ");

/** A pair for a list of facts; nothing where no provider is configured. */
export async function providersFact(ticker) {
  const path = `/tickers/${encodeURIComponent(ticker)}/providers`;
  const [providers, found] = await Promise.all([readProviders(), api.get(path)]);
  const configured = providers.filter((provider) => provider.configured).map(({ name }) => name);
  if (!configured.length && !found.providers.length) return [];
  return [["Asked of", isOperator() ? choice(path, configured, found.providers) : words(configured, found)]];
}

function words(configured, { providers, order }) {
  if (!providers.length) return `${inWords(configured)}, as for every ticker`;
  return order.length ? `${inWords(order)} only` : `${inWords(providers)} only, which is not configured`;
}

function choice(path, configured, own) {
  const orders = [[], ...configured.map((name) => [name])];
  if (!orders.some((order) => order.join() === own.join())) orders.push(own);
  const label = (order) => (order.length ? `${inWords(order)} only` : `${inWords(configured) || "none"}, as for every ticker`);
  const select = h(
    "select",
    { "aria-label": "Providers that these prices are asked of" },
    orders.map((order) => h("option", { value: order.join() }, label(order))),
  );
  let stored = own.join();
  select.value = stored;
  select.addEventListener("change", async () => {
    select.disabled = true;
    try {
      await api.put(path, { providers: select.value ? select.value.split(",") : [] });
      stored = select.value;
      notify("Stored. The next refresh goes by it.");
    } catch (error) {
      select.value = stored;
      notify(`The providers could not be stored. ${error.words ?? error.message}`, { problem: true });
    }
    select.disabled = false;
    select.focus();
  });
  return select;
}
