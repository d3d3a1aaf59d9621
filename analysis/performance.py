"""What an equity curve and its trades come to, each number with its definition.

Definitions of several of these numbers differ from program to program; these are the ones of the Python package empyrical, for daily
returns without interest. A number that has no value (a ratio to no loss) is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.backtest import Run, RunTrade
from analysis.bars import FloatArray
from models.backtest import Metric

YEAR = 252  # trading days
_NO_SPREAD = 1e-14  # a smaller standard deviation of returns is a rounding error

DEFINITIONS = {
    "total_return": "The last equity over the first, minus 1.",
    "cagr": "The yearly growth that gives the total return: (1 + total return)^(252 / daily returns) − 1.",
    "volatility": "The standard deviation (n − 1) of the daily returns, times √252.",
    "sharpe": "The mean of the daily returns over their standard deviation (n − 1), times √252. No interest is deducted.",
    "sortino": "The mean of the daily returns over the root of the mean square of the losing ones, taken over all days, times √252.",
    "max_drawdown": "The deepest fall of the equity from a highest close, or the capital at the start, to a later close: negative.",
    "longest_drawdown": "The most successive closes below an earlier highest close.",
    "calmar": "The yearly growth (cagr) over the size of the deepest fall (max_drawdown).",
    "win_rate": "The share of closed trades with a profit after costs. A trade that is still open counts as neither.",
    "profit_factor": "The sum of the profits of closed trades over the sum of their losses, after costs.",
    "expectancy": "The mean return of closed trades after costs, each on the capital put into it.",
    "best_trade": "The highest return of a closed trade after costs.",
    "worst_trade": "The lowest return of a closed trade after costs.",
    "trades": "The number of trades, one that is still open included.",
    "average_bars": "The mean number of trading days from entry to exit of closed trades.",
    "exposure": "The share of the closes after the first day at which a position was held.",
    "turnover": "The value of all purchases and sales, halved, over the mean equity, per year of 252 days.",
}


class Drawdown(NamedTuple):
    """The drawdown at each close, a fraction of the highest equity so far (0 or negative), and the longest stretch of closes below one."""

    depth: FloatArray
    longest: int


def returns_of(values: FloatArray) -> FloatArray:
    """The daily returns of equity; 0 where there was nothing left."""
    before, after = values[:-1], values[1:]
    returns = np.zeros(len(after))
    np.divide(after, before, out=returns, where=before > 0)
    returns[before > 0] -= 1.0
    return returns


def drawdown_of(values: FloatArray) -> Drawdown:
    """The drawdown of equity of at least one close; the first is its start."""
    highest = np.maximum.accumulate(values)
    depth = values / highest
    depth -= 1.0
    index: NDArray[np.int64] = np.arange(len(values))
    longest = index - np.maximum.accumulate(np.where(depth < 0, 0, index))
    return Drawdown(depth, int(longest.max()))


def equity_metrics(values: FloatArray) -> dict[str, Metric]:
    """What an equity curve of at least one close comes to."""
    returns, drawdown = returns_of(values), drawdown_of(values)
    count = len(returns)
    total = float(values[-1] / values[0]) - 1
    cagr = _power(1 + total, YEAR / count) if count else None
    deepest = float(drawdown.depth.min())
    numbers = {
        "total_return": total,
        "cagr": cagr,
        "volatility": None,
        "sharpe": None,
        "sortino": None,
        "max_drawdown": deepest,
        "longest_drawdown": drawdown.longest,
        "calmar": cagr / -deepest if cagr is not None and deepest < 0 else None,
    }
    if count > 1:
        mean, spread = float(returns.mean()), float(returns.std(ddof=1))
        losses = np.minimum(returns, 0.0)
        downside = math.sqrt(float(losses @ losses) / count)
        numbers["volatility"] = spread * math.sqrt(YEAR)
        numbers["sharpe"] = mean / spread * math.sqrt(YEAR) if spread > _NO_SPREAD else None
        numbers["sortino"] = mean / downside * math.sqrt(YEAR) if downside > _NO_SPREAD else None
    return _metrics(numbers)


def trade_metrics(trades: Sequence[RunTrade]) -> dict[str, Metric]:
    """What trades come to."""
    closed = [trade for trade in trades if not trade.is_open]
    returns, profits = [trade.net_return for trade in closed], [trade.profit for trade in closed]
    gained, lost = math.fsum(profit for profit in profits if profit > 0), -math.fsum(profit for profit in profits if profit < 0)
    numbers: dict[str, float | None] = dict.fromkeys(
        ("win_rate", "profit_factor", "expectancy", "best_trade", "worst_trade", "trades", "average_bars")
    )
    numbers["trades"] = len(trades)
    if closed:
        numbers |= {
            "win_rate": sum(profit > 0 for profit in profits) / len(closed),
            "profit_factor": gained / lost if lost > 0 else None,
            "expectancy": math.fsum(returns) / len(closed),
            "best_trade": max(returns),
            "worst_trade": min(returns),
            "average_bars": sum(trade.bars for trade in closed) / len(closed),
        }
    return _metrics(numbers)


def exposure_of(run: Run) -> Metric:
    """How much of the time a position was held."""
    days = len(run.values) - 1
    return _metric("exposure", run.held / days if days else None)


def turnover_of(run: Run) -> Metric:
    """How much was traded."""
    days = len(run.values) - 1
    return _metric(
        "turnover", math.fsum(trade.traded for trade in run.trades) / 2 / float(run.values.mean()) * YEAR / days if days else None
    )


def _power(base: float, exponent: float) -> float | None:
    try:
        return math.pow(base, exponent) - 1
    except OverflowError:
        return None


def _metrics(numbers: dict[str, float | None]) -> dict[str, Metric]:
    return {name: _metric(name, value) for name, value in numbers.items()}


def _metric(name: str, value: float | None) -> Metric:
    return Metric(None if value is None or not math.isfinite(value) else float(value), DEFINITIONS[name])
