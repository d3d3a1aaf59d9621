// Which providers of prices there are.

import { api } from "./api.js";

/** @type {Promise<any[]> | null} */
let asked = null;

/** Every provider; asked for once by a page, and again after a failure. */
export function readProviders() {
  asked ??= api.get("/providers").then(
    ({ items }) => items,
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

/** Whether any provider is asked for prices; no where that cannot be learnt. */
export const hasProvider = async () => (await readProviders().catch(() => [])).some(({ configured }) => configured);
