// Alerts: the inbox, the rules, and what became of the messages that they sent.

import { drawInbox, wireInbox } from "../alerts/inbox.js";
import { drawRules, wireRules } from "../alerts/rules.js";
import { api } from "../api.js";
import { drawDeliveries, filterByChannels, wireDeliveries } from "../channels/deliveries.js";
import { notify } from "../dom.js";

const MOST = 500;

wireInbox();
wireRules();
wireDeliveries();
drawInbox();
drawRules();
drawDeliveries();
api
  .get("/channels", { limit: MOST })
  .then(({ items }) => filterByChannels(items))
  .catch((error) => notify(`The channels could not be listed. ${error.words ?? error.message}`, { problem: true }));
