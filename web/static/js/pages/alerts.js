// Alerts: the inbox, the rules, and what became of the messages that they sent.

import { drawInbox, wireInbox } from "../alerts/inbox.js";
import { drawRules, wireRules } from "../alerts/rules.js";
import { listChannels } from "../channels/choices.js";
import { drawDeliveries, filterByChannels, wireDeliveries } from "../channels/deliveries.js";
import { notify } from "../dom.js";

wireInbox();
wireRules();
wireDeliveries();
drawInbox();
drawRules();
drawDeliveries();
listChannels()
  .then(filterByChannels)
  .catch((error) => notify(`The channels could not be listed. ${error.words ?? error.message}`, { problem: true }));
