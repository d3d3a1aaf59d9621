// What a person has typed into the calculator of positions, remembered from one ticker to the next.

import { DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, sizingProblems } from "./position.js";

const MEMORY = "ticker.sizing"; // in localStorage

/** @typedef {"capital" | "riskPercent" | "capPercent"} Name */

export class Sizing {
  /** @type {Partial<Record<Name, string>>} */
  #typed = remembered();

  /** The texts that the calculator shows; what was not typed is the default, of which the cap is the strategy's. @returns {Record<Name, string>} */
  of(capPercent) {
    return { ...defaults(capPercent), ...this.#typed };
  }

  /** Whether anything differs from the defaults. */
  isOwn(capPercent) {
    const usual = defaults(capPercent);
    return Object.entries(this.#typed).some(([name, text]) => text !== usual[name]);
  }

  /** @param {Name} name @param {string} text */
  set(name, text) {
    this.#typed[name] = text;
    this.#remember();
  }

  /** Go back to the defaults. */
  forget() {
    this.#typed = {};
    this.#remember();
  }

  #remember() {
    try {
      localStorage.setItem(MEMORY, JSON.stringify(valid(this.#typed)));
    } catch {
      // A browser that keeps nothing begins with the defaults on the next page.
    }
  }
}

const defaults = (capPercent) => ({ capital: String(DEFAULT_CAPITAL), riskPercent: String(DEFAULT_RISK_PERCENT), capPercent: String(capPercent) });

function remembered() {
  try {
    return valid(JSON.parse(localStorage.getItem(MEMORY) ?? "{}"));
  } catch {
    return {};
  }
}

/** Those texts that are numbers which may be. */
function valid(typed) {
  const number = (name) => Number(typed[name]);
  const problems = sizingProblems({ capital: number("capital"), riskPercent: number("riskPercent"), capPercent: number("capPercent") });
  return Object.fromEntries(["capital", "riskPercent", "capPercent"].filter((name) => typeof typed[name] === "string" && !(name in problems)).map((name) => [name, typed[name]]));
}
