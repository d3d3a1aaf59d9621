// Prices: uploads, and what is stored.

import { onReturn } from "../connection.js";
import { byId, fill } from "../dom.js";
import { uploads } from "../prices/queue.js";
import { storedPrices } from "../prices/stored.js";

const page = byId("page");
const stored = storedPrices((ticker) => files.choose(ticker));
const files = uploads(Number(page.dataset.mostBytes), () => stored.reload());
fill(page, files.element, stored.element);
onReturn(() => stored.reload());
