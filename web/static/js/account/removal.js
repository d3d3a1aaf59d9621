// Removing one's account: what goes, what stays with others, and what stands in the way.

import { h } from "../dom.js";
import { formatCount } from "../format.js";
import { dangerZone } from "../removal/danger.js";
import { tellSignedOut } from "../session.js";

const WORDS = "Your sign-ins, keys, passkeys and memberships are removed at once. What you made in organizations of others stays with them, without your name.";
const named = (organizations) => organizations.map(({ name }) => name).join(", ");

/** The part of the page. @param {any} me */
export function removal(me) {
  return dangerZone({
    title: "Remove your account",
    words: WORDS,
    path: "/auth/me",
    button: "Remove your account …",
    hasPassword: me.has_password,
    draw: ({ removed, left }) => [
      removed.length > 0 &&
        h("p", { id: "removal-alone" }, "Organizations that have nobody else go with you: ", removed.map(({ name, rows }) => `${name} (${formatCount(rows, "thing", "things")})`).join(", "), "."),
      left.length > 0 && h("p", { id: "removal-left" }, `These stay, with what you made in them: ${named(left)}.`),
    ],
    obstacle: ({ is_last_operator: isLast, last_admin_of: unguarded }) => {
      if (isLast) return "You are the last one who looks after this installation. Whoever runs the service makes another one first, by “flask create-admin”.";
      return unguarded.length ? `Make somebody else an administrator first, or remove the organization: ${named(unguarded)}.` : "";
    },
    question: ({ email }) => ({ label: "Your e-mail address", name: `Type it exactly: ${email}`, words: "Nobody can bring your account back." }),
    done: () => {
      tellSignedOut();
      location.assign("/login?reason=removed");
    },
  });
}
