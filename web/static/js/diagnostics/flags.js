// The feature flags of the whole installation.

import { api } from "../api.js";
import { flagSwitches } from "../flag-switches.js";
import { section } from "./section.js";

/** The flags with their switches. */
export function flags() {
  const part = section({
    id: "flags",
    title: "Feature flags",
    isWide: true,
    load: () => api.get("/admin/flags"),
    draw: ({ items }) => flagSwitches(items, { path: "/admin/flags", refresh: part.refresh }),
  });
  return part;
}
