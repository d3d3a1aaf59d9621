// Removing the organization: what would go, and what becomes of its members.

import { h } from "../dom.js";
import { formatCount } from "../format.js";
import { dangerZone } from "../removal/danger.js";
import { tellSwitched } from "../session.js";

const WORDS = "Everything in this organization is removed for everybody: at once nobody is a member any more, and keys, schedules and jobs end; the rest is gone within minutes.";

/** The part of the page. @param {{hasPassword: boolean}} caller */
export function removal({ hasPassword }) {
  return dangerZone({
    title: "Remove this organization",
    words: WORDS,
    path: "/organization",
    button: "Remove this organization …",
    hasPassword,
    draw: ({ members, fates }) => {
      const alone = fates.filter((fate) => !fate.is_elsewhere).map((fate) => fate.name);
      const told = alone.length ? ` ${alone.join(", ")} will get an organization of their own, because they are a member of no other one.` : "";
      return [h("p", { id: "removal-members" }, `${formatCount(members, "person is a member", "people are members")}.${told}`)];
    },
    obstacle: () => "",
    question: ({ organization, members }) => ({
      label: "Name of the organization",
      name: `Type it exactly: ${organization}`,
      words: `What ${formatCount(members, "member has", "members have")} here is removed for good, by the download alone it could be had again.`,
    }),
    done: () => {
      tellSwitched();
      location.assign("/account");
    },
  });
}
