// What is switched on for the organization. Its administrators switch features off and on, but not what an operator has switched off.

import { api } from "../api.js";
import { section } from "../diagnostics/section.js";
import { flagSwitches } from "../flag-switches.js";

const PATH = "/organization/flags";

/** The features with their switches. @param {{isAdmin: boolean}} caller */
export function features({ isAdmin }) {
  const part = section({
    id: "features",
    title: "Features",
    isWide: true,
    load: () => api.get(PATH),
    draw: ({ items }) => flagSwitches(items, { path: PATH, refresh: part.refresh, prefix: "feature", others: ["installation", "operator"], isReadOnly: !isAdmin }),
  });
  return part;
}
