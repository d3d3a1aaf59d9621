"""The risk of holding something, from its daily values: each number with its definition, its deepest falls, and its months.

Definitions of several of these numbers differ from program to program; these are the ones of the Python package empyrical, for daily simple
returns. A number that has no value (a ratio to no loss) is None.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from analysis.deflated_sharpe import estimate_of
from analysis.returns import NO_SPREAD, YEAR, drawdown_of, returns_of, sharpe_of, sortino_of, volatility_of, yearly_growth
from models.metric import Metric

TAIL = 0.05  # the share of the days that VaR and CVaR speak of
FEWEST_VALUES = 3  # of a series with a spread of returns
QUARTER = YEAR // 4  # daily returns behind each rolling volatility
BINS = 41  # of the distribution, an odd number: the middle one has 0 in its middle
BULK = 99.5  # percent of the days whose returns the bins span
_MONTH = "datetime64[M]"

DEFINITIONS = {
    "total_return": "The last value over the first, minus 1.",
    "cagr": "The yearly growth that gives the total return: (1 + total return)^(252 / daily returns) − 1.",
    "volatility": "The standard deviation (n − 1) of the daily returns, times √252.",
    "sharpe": "The mean of the daily returns less the daily interest, over their standard deviation (n − 1), times √252.",
    "sortino": "The mean of the daily returns less the daily interest, over the root of the mean square of the negative ones among all "
    "days, times √252.",
    "calmar": "The yearly growth (cagr) over the size of the deepest fall (max_drawdown).",
    "max_drawdown": "The deepest fall from a highest value to a later one: negative.",
    "current_drawdown": "The last value over the highest one, minus 1.",
    "longest_drawdown": "The most successive closes below an earlier highest one.",
    "var_95": "Historical value at risk: the return that 5 % of the days fall below, interpolated between days.",
    "cvar_95": "Historical expected shortfall: the mean of the lowest 5 % of the daily returns, one at least.",
    "tail_ratio": "The size of the return that 5 % of the days exceed, over the size of the one that 5 % fall below.",
    "skewness": "How the daily returns lean: the mean cube of their deviations over the cube of the standard deviation (n). Negative: "
    "rare, large losses.",
    "excess_kurtosis": "How often returns are extreme: the mean fourth power of their deviations over that of the standard deviation (n), "
    "less 3, which a normal distribution has.",
    "best_day": "The highest daily return.",
    "worst_day": "The lowest daily return.",
    "positive_days": "The share of the daily returns above 0.",
}
DEFINITIONS_BESIDE = {
    "beta": "The covariance of the daily returns with the benchmark's over the variance of the benchmark's, each less the daily interest.",
    "alpha": "Jensen's: the mean daily return beyond interest and beta times the benchmark's, compounded to a year of 252 days.",
    "correlation": "Pearson's correlation of the daily returns with the benchmark's.",
    "tracking_error": "The standard deviation (n − 1) of the daily differences to the benchmark's returns, times √252.",
    "information_ratio": "The mean daily difference to the benchmark's returns, times 252, over the tracking error.",
    "up_capture": "The yearly growth over the days on which the benchmark rose, over the benchmark's on the same days.",
    "down_capture": "The yearly growth over the days on which the benchmark fell, over the benchmark's on the same days.",
    "excess_return": "The yearly growth (cagr) less the benchmark's.",
}


class FallRows(NamedTuple):
    """A fall by the rows of its highest value, of its lowest one, and of the first that was as high again; None for none yet."""

    depth: float
    peak: int
    trough: int
    recovered: int | None


def risk_metrics(values: FloatArray, rate: float = 0.0) -> dict[str, Metric]:
    """The numbers of daily values of shape (n,), n ≥ FEWEST_VALUES, all positive. `rate` is the yearly interest without risk."""
    returns, drawdown = returns_of(values), drawdown_of(values)
    total = float(values[-1] / values[0]) - 1
    cagr, deepest = yearly_growth(1 + total, len(returns)), float(drawdown.depth.min())
    excess = returns - _daily(rate)
    low, high = np.percentile(returns, (100 * TAIL, 100 * (1 - TAIL)))
    estimate = estimate_of(returns)
    return _metrics(
        DEFINITIONS,
        {
            "total_return": total,
            "cagr": cagr,
            "volatility": volatility_of(returns),
            "sharpe": sharpe_of(excess),
            "sortino": sortino_of(excess),
            "calmar": cagr / -deepest if cagr is not None and deepest < 0 else None,
            "max_drawdown": deepest,
            "current_drawdown": float(drawdown.depth[-1]),
            "longest_drawdown": drawdown.longest,
            "var_95": float(low),
            "cvar_95": _shortfall(returns),
            "tail_ratio": abs(float(high)) / abs(float(low)) if low else None,
            "skewness": None if estimate is None else estimate.skewness,
            "excess_kurtosis": None if estimate is None else estimate.kurtosis - 3,
            "best_day": float(returns.max()),
            "worst_day": float(returns.min()),
            "positive_days": float(np.count_nonzero(returns > 0)) / len(returns),
        },
    )


def metrics_beside(values: FloatArray, benchmark: FloatArray, rate: float = 0.0) -> dict[str, Metric]:
    """The numbers of daily values against those of a benchmark on the same days, both as `risk_metrics` takes them."""
    returns, others = returns_of(values), returns_of(benchmark)
    daily = _daily(rate)
    excess, other_excess = returns - daily, others - daily
    spread, other_spread = float(returns.std()), float(others.std())
    beta = alpha = correlation = None
    if other_spread > NO_SPREAD:
        covariance = float((excess - excess.mean()) @ (other_excess - other_excess.mean())) / len(returns)
        beta = covariance / other_spread**2
        alpha = yearly_growth(1 + float((excess - beta * other_excess).mean()), 1)
        correlation = covariance / (spread * other_spread) if spread > NO_SPREAD else None
    difference = returns - others
    error = volatility_of(difference)
    growth, other_growth = (yearly_growth(float(each[-1] / each[0]), len(returns)) for each in (values, benchmark))
    return _metrics(
        DEFINITIONS_BESIDE,
        {
            "beta": beta,
            "alpha": alpha,
            "correlation": correlation,
            "tracking_error": error,
            "information_ratio": float(difference.mean()) * YEAR / error if error is not None and error > NO_SPREAD else None,
            "up_capture": _capture(returns, others, others > 0),
            "down_capture": _capture(returns, others, others < 0),
            "excess_return": None if growth is None or other_growth is None else growth - other_growth,
        },
    )


def deepest_falls(values: FloatArray, most: int) -> list[FallRows]:
    """The deepest falls, the deepest first; each from a highest value to the next that is as high. They do not overlap."""
    depth = drawdown_of(values).depth
    below = np.concatenate(([False], depth < 0, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    falls = []
    for first, end in edges.reshape(-1, 2).tolist():  # the rows below a highest value, which stands directly before them
        trough = first + int(depth[first:end].argmin())
        falls.append(FallRows(float(depth[trough]), first - 1, trough, end if end < len(values) else None))
    return sorted(falls, key=lambda fall: (fall.depth, fall.peak))[:most]


def monthly_returns(days: NDArray[np.datetime64], values: FloatArray) -> list[tuple[str, float]]:
    """The return of each month as `YYYY-MM`, from the last value before it; the first one from the first value."""
    months = days.astype(_MONTH)
    ends = np.append(np.flatnonzero(months[1:] != months[:-1]), len(values) - 1)
    closes = values[ends]
    returns = closes / np.concatenate((values[:1], closes[:-1])) - 1
    return list(zip(np.datetime_as_string(months[ends]).tolist(), returns.tolist(), strict=True))


def rolling_volatility(values: FloatArray) -> FloatArray:
    """The volatility of the QUARTER daily returns up to each value, a year; NaN where there are fewer."""
    returns = returns_of(values)
    rolling = np.full(len(values), np.nan)
    if len(returns) >= QUARTER:
        windows = np.lib.stride_tricks.sliding_window_view(returns, QUARTER)
        rolling[QUARTER:] = windows.std(axis=1, ddof=1) * math.sqrt(YEAR)
    return rolling


def rolling_beside(values: FloatArray, benchmark: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Beta and correlation of the QUARTER daily returns up to each value; NaN where there are fewer, or where one of both does not move."""
    beta, correlation = np.full(len(values), np.nan), np.full(len(values), np.nan)
    returns, others = returns_of(values), returns_of(benchmark)
    if len(returns) < QUARTER:
        return beta, correlation
    own, other = (_centred_windows(each) for each in (returns, others))
    covariance = np.einsum("ij,ij->i", own, other) / QUARTER
    spread, other_spread = (np.sqrt(np.einsum("ij,ij->i", each, each) / QUARTER) for each in (own, other))
    moves, both_move = other_spread > NO_SPREAD, (other_spread > NO_SPREAD) & (spread > NO_SPREAD)
    np.divide(covariance, other_spread**2, out=beta[QUARTER:], where=moves)
    np.divide(covariance, spread * other_spread, out=correlation[QUARTER:], where=both_move)
    return beta, correlation


def distribution_of(values: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """The edges of BINS bins around 0 and the number of daily returns in each; the outer bins have all beyond them as well."""
    returns = returns_of(values)
    widest = float(np.percentile(np.abs(returns), BULK)) or 1.0
    edges = np.linspace(-widest, widest, BINS + 1)
    counts, _ = np.histogram(np.clip(returns, -widest, widest), edges)
    return edges, counts


def _daily(rate: float) -> float:
    """The daily interest that comes to a yearly one."""
    return math.pow(1 + rate, 1 / YEAR) - 1


def _centred_windows(returns: FloatArray) -> FloatArray:
    windows = np.lib.stride_tricks.sliding_window_view(returns, QUARTER)
    return np.asarray(windows - windows.mean(axis=1, keepdims=True))


def _shortfall(returns: FloatArray) -> float:
    """The mean of the lowest daily returns: of 5 % of them, counted as empyrical counts them."""
    cutoff = int((len(returns) - 1) * TAIL)
    return float(np.partition(returns, cutoff)[: cutoff + 1].mean())


def _capture(returns: FloatArray, others: FloatArray, days: NDArray[np.bool_]) -> float | None:
    count = int(np.count_nonzero(days))
    own, other = (yearly_growth(float(np.prod(1 + each[days])), count) for each in (returns, others))
    return own / other if own is not None and other else None


def _metrics(definitions: dict[str, str], numbers: dict[str, float | None]) -> dict[str, Metric]:
    return {
        name: Metric(value if value is not None and math.isfinite(value) else None, definitions[name]) for name, value in numbers.items()
    }
