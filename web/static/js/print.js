// A printed page says where it is from and of when it is.

import { byId } from "./dom.js";
import { formatMoment } from "./format.js";

export function wirePrint() {
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "true"; // what draws itself reads its colours now: those of paper
    byId("printed").textContent = `, ${location.host}${location.pathname}, printed ${formatMoment(new Date().toISOString())}`;
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
  });
}
