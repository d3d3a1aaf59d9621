// Prices: uploads, and what is stored.

import { onReturn } from "../connection.js";
import { byId, fill } from "../dom.js";
import { uploads } from "../prices/queue.js";
import { storedPrices } from "../prices/stored.js";

const page = byId("page");
const stored = storedPrices(
  (ticker) => files.choose(ticker),
  (ticker) => files.deleted(ticker),
);
const files = uploads({ file: Number(page.dataset.mostBytes), archive: Number(page.dataset.mostImportBytes) }, () => stored.reload());
fill(page, files.element, stored.element);
onReturn(() => stored.reload());
