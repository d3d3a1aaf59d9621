// The strategies in one row, each with what it says of the ticker; choosing one analyses by it.

import { fill, h } from "../dom.js";
import { formatScore } from "../format.js";
import { verdictBadge } from "../widgets.js";

export class StrategyChoice {
  #onStrategy;
  /** @type {any[]} */
  #strategies = [];
  #chosen = "";
  #verdicts = new Map();

  /** `onStrategy(id)` hears of a choice. */
  constructor(onStrategy) {
    this.#onStrategy = onStrategy;
    this.row = h("div", { class: "strategy-row" });
    this.about = h("p", { class: "strategy-about small", id: "strategy-about" });
    this.element = h("fieldset", { class: "strategies" }, h("legend", { class: "small soft" }, "What each strategy says"), this.row, this.about);
  }

  /** The answer of GET /strategies. */
  setStrategies(strategies, chosen) {
    this.#strategies = strategies;
    fill(
      this.row,
      strategies.map(({ id, name }) => this.#option(id, name)),
    );
    this.setChosen(chosen);
    this.#showVerdicts();
  }

  /** The answer of GET /verdicts; null where there is none. */
  setVerdicts(verdicts) {
    this.#verdicts = new Map((verdicts?.items ?? []).map((item) => [item.strategy, item]));
    this.#showVerdicts();
  }

  setChosen(chosen) {
    this.#chosen = chosen;
    const control = /** @type {HTMLInputElement | null} */ (this.row.querySelector(`input[value="${CSS.escape(chosen)}"]`));
    if (control) control.checked = true;
    const strategy = this.#strategies.find(({ id }) => id === chosen);
    fill(this.about, strategy && [h("strong", {}, `${strategy.name}: `), `${strategy.description} `, h("span", { class: "soft" }, `Suits: ${strategy.suits}`)]);
  }

  #option(id, name) {
    const control = h("input", { type: "radio", name: "strategy", value: id, checked: id === this.#chosen, "aria-describedby": "strategy-about", onchange: () => this.#onStrategy(id) });
    return h("label", { class: "strategy-option", dataset: { strategy: id } }, control, h("span", { class: "strategy-name" }, name), h("span", { class: "strategy-verdict" }));
  }

  #showVerdicts() {
    for (const option of /** @type {NodeListOf<HTMLElement>} */ (this.row.querySelectorAll(".strategy-option"))) {
      const said = this.#verdicts.get(option.dataset.strategy);
      fill(/** @type {Element} */ (option.querySelector(".strategy-verdict")), said && [verdictBadge(said.verdict), " ", h("span", { class: "number" }, formatScore(said.score))]);
    }
  }
}
