"""What a backtest assumes, in sentences for people."""

from __future__ import annotations

from analysis.backtest import Run
from analysis.bars import Bars
from analysis.trade import STOP_ATR, WIDEST_STOP
from models.analysis import Parameters
from models.backtest import BacktestRules, Sides
from models.day_text import day_text
from models.evidence import WARMUP
from models.price_series import SeriesHead


def assumptions_of(bars: Bars, head: SeriesHead, parameters: Parameters, rules: BacktestRules, run: Run) -> tuple[str, ...]:
    """The assumptions of one backtest."""
    last = ["The position that is open at the end is worth its last close, without the cost of a sale, and is neither a win nor a loss."]
    return (
        *shared_assumptions(bars, head, rules, run),
        _sides(rules),
        _stops(parameters, rules),
        *(last if run.trades and run.trades[-1].is_open else ()),
    )


def shared_assumptions(bars: Bars, head: SeriesHead, rules: BacktestRules, run: Run) -> tuple[str, ...]:
    """What all sets of a comparison assume."""
    return (
        f"A verdict is known at the close and traded at the open of the next trading day. {len(run.values):,} closes count, from "
        f"{day_text(bars.day(run.first))} to {day_text(bars.day(-1))}. At least {WARMUP} others come before each, so that a history that "
        "starts earlier would give the same verdict.",
        f"The capital is {rules.capital:,.2f} at the start. Each position takes all of it, in fractions of a share.",
        _costs(rules),
        "A day without volume fills nothing: an order to leave waits for the next day with volume until the verdict turns round, one to "
        "enter is dropped once the verdict is another.",
        _adjustment(head),
        "Buy-and-hold buys at the first open after the first close that counts, at the cost of one purchase, and never sells.",
        f"{head.ticker} was chosen with the knowledge of today. Tickers that went under are seldom chosen, which flatters a backtest.",
    )


def _costs(rules: BacktestRules) -> str:
    cost = (
        f"A purchase and a sale each cost {_percent(rules.cost_bp / 2)} of their value"
        if rules.cost_bp
        else "Purchases and sales cost nothing"
    )
    slippage = f"are filled {_percent(rules.slippage_bp)} worse than the price" if rules.slippage_bp else "are filled exactly at the price"
    return f"{cost}, and {slippage}. Money that is not invested earns no interest, and taxes are not deducted."


def _percent(basis_points: float) -> str:
    return f"{basis_points / 100:.4g} %"


def _adjustment(head: SeriesHead) -> str:
    if head.adjusted or head.steps:
        return "Prices are adjusted for splits and dividends: dividends are reinvested at once, here and in buy-and-hold."
    return "Prices are as they were delivered. If that is without adjustment, dividends are missing here and in buy-and-hold."


def _sides(rules: BacktestRules) -> str:
    if rules.side is Sides.LONG:
        return "A Buy enters, a Sell leaves, a Hold changes nothing. After a stop or a target, the next close with a Buy enters again."
    return (
        "A Buy enters a long position, a Sell a short one of the same value; each leaves the other, and a Hold changes nothing. Short "
        "sales are always possible and cost no lending fee here, which is not so in reality. A loss of all capital ends the backtest."
    )


def _stops(parameters: Parameters, rules: BacktestRules) -> str:
    if not rules.stops:
        return "There is no stop and no target: only a verdict ends a trade."
    return (
        f"The stop is {parameters.stop_percent:g} % from the price of the entry, or {STOP_ATR:g} times the average true range of the "
        f"verdict's day where that is more, at most {100 * WIDEST_STOP:g} %; the target is {parameters.reward_risk:g} times as far on the "
        "other side. Where both lie within one day, the stop counts; a day that opens beyond one of them is filled at its open."
    )
