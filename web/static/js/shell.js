// What every page has: the search, keys, the menu, signing out, and word of a service or a session that is away.

import { wireBell } from "./bell.js";
import { watchConnection } from "./connection.js";
import { byId, csrfToken, notify } from "./dom.js";
import { wireKeys } from "./keys.js";
import { wireMenu } from "./menu.js";
import { wirePrint } from "./print.js";
import { wireSearch } from "./search.js";
import { refreshToken, tellSignedOut, watchSession } from "./session.js";

watchConnection();
watchSession();
wireSearch();
wireKeys();
wireMenu();
wirePrint();
wireBell();

byId("sign-out")?.addEventListener("click", async () => {
  const signOut = () => fetch("/logout", { method: "POST", headers: { "X-CSRF-Token": csrfToken() }, credentials: "same-origin" });
  try {
    let answer = await signOut();
    if (answer.status === 403 && (await refreshToken())) answer = await signOut();
    if (!answer.ok && answer.status !== 401) throw new Error(String(answer.status));
    tellSignedOut();
    location.assign("/login?reason=signed-out");
  } catch {
    notify("You are still signed in: the service did not answer. Try again.", { problem: true });
  }
});
