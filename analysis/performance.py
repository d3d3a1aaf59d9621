"""What an equity curve and its trades come to, each number with its definition.

No interest is deducted. A number that has no value (a ratio to no loss) is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.backtest import Run, RunTrade
from analysis.bars import FloatArray
from analysis.returns import YEAR, drawdown_of, returns_of, sharpe_of, sortino_of, volatility_of, yearly_growth
from models.metric import Metric

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


def equity_metrics(values: FloatArray) -> dict[str, Metric]:
    """What an equity curve of at least one close comes to."""
    returns, drawdown = returns_of(values), drawdown_of(values)
    total = float(values[-1] / values[0]) - 1
    cagr, deepest = yearly_growth(1 + total, len(returns)), float(drawdown.depth.min())
    numbers = {
        "total_return": total,
        "cagr": cagr,
        "volatility": volatility_of(returns),
        "sharpe": sharpe_of(returns),
        "sortino": sortino_of(returns),
        "max_drawdown": deepest,
        "longest_drawdown": drawdown.longest,
        "calmar": cagr / -deepest if cagr is not None and deepest < 0 else None,
    }
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


def _metrics(numbers: dict[str, float | None]) -> dict[str, Metric]:
    return {name: _metric(name, value) for name, value in numbers.items()}


def _metric(name: str, value: float | None) -> Metric:
    return Metric(None if value is None or not math.isfinite(value) else float(value), DEFINITIONS[name])
