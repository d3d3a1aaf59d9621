// Alerts: the inbox and the rules.

import { drawInbox, wireInbox } from "../alerts/inbox.js";
import { drawRules, wireRules } from "../alerts/rules.js";

wireInbox();
wireRules();
drawInbox();
drawRules();
