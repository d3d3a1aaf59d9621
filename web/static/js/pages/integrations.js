// Integrations: what the organization and the installation are connected to, and whether it works.

import { api } from "../api.js";
import { onReturn } from "../connection.js";
import { byId, h } from "../dom.js";
import { card } from "../integrations/card.js";
import { show } from "../states.js";

async function build() {
  const [{ items }, session] = await Promise.all([api.get("/integrations"), api.get("/session")]);
  const isPerson = !session.key_id;
  const own = items.filter(({ scope }) => scope === "organization");
  const shared = items.filter(({ scope }) => scope === "installation");
  return [
    own.length > 0 && group("own", "Your organization", "Channels are tried by a test message.", own, isPerson),
    group(
      "shared",
      "This installation",
      session.is_admin ? "Settings are variables of the environment; a change counts after a restart." : "Whoever looks after the installation sees more of it, and tests it.",
      shared,
      isPerson,
    ),
  ].filter(Boolean);
}

function group(id, title, words, items, isPerson) {
  return h(
    "section",
    { "aria-labelledby": `${id}-title`, class: "group" },
    h("h2", { id: `${id}-title` }, title),
    h("p", { class: "small soft" }, words),
    h(
      "ul",
      { class: "integrations", "aria-labelledby": `${id}-title` },
      items.map((item) => card(item, isPerson)),
    ),
  );
}

const page = document.getElementById("page");
if (page) {
  const draw = () => show(byId("page"), build, "Looking at the integrations …");
  onReturn(() => (page.querySelector(".problem") ? draw() : null));
  draw();
}
