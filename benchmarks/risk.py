"""The risk of one series beside quantstats and empyrical, which compute the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, times, within
from benchmarks.servers import Servers

if TYPE_CHECKING:
    from analysis.bars import Bars

TITLE = "Risk"
NOTE = (
    "AAPL, 3,269 daily returns, from adjusted closes that are loaded. The peers compute the numbers of ours that they have, with "
    "their own functions: 13 of 17 alone, and beta, alpha, correlation and information ratio beside MSFT. The median call of a round "
    "of 0.2 s, the best of 20 rounds taken in turns."
)
ROUNDS = 20
SECONDS = 0.2  # per round
MOST_SECONDS = 0.001
FASTER_THAN_QUANTSTATS = 20.0
OURS = ("alone", "beside", "answer")
PEERS = ("quantstats", "quantstats-beside", "empyrical")


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    with Meter(__name__, "ours") as ours, Meter(__name__, "peers", with_pandas=True) as peers:
        best = best_of(ROUNDS, [*((ours, name, SECONDS) for name in OURS), *((peers, name, SECONDS) for name in PEERS)])
    ratio = best["quantstats"] / best["alone"]
    return [
        within("the numbers of one series", best["alone"], MOST_SECONDS),
        Row(
            "the same, beside quantstats 0.0.86",
            milliseconds(best["alone"]),
            milliseconds(best["quantstats"]),
            f"{times(ratio)} faster",
            f"≥ {FASTER_THAN_QUANTSTATS:g}× faster",
            ratio >= FASTER_THAN_QUANTSTATS,
        ),
        _faster("the same, beside empyrical 0.7.1", best["alone"], best["empyrical"]),
        _faster("the numbers against a benchmark, beside quantstats", best["beside"], best["quantstats-beside"]),
        Row("the whole answer: numbers, falls, months, distribution", milliseconds(best["answer"])),
    ]


def ours() -> Contenders:
    """Ours, on AAPL and MSFT."""
    from analysis.risk import deepest_falls, distribution_of, metrics_beside, monthly_returns, risk_metrics

    bars, other = _closes()

    def answer() -> None:
        risk_metrics(bars.close)
        deepest_falls(bars.close, 10)
        monthly_returns(bars.days, bars.close)
        distribution_of(bars.close)

    return {
        "alone": lambda: risk_metrics(bars.close),
        "beside": lambda: metrics_beside(bars.close, other.close),
        "answer": answer,
    }


def peers() -> Contenders:
    """The same numbers by the peers, from a pandas series of daily returns."""
    import warnings

    import empyrical
    import pandas as pd

    from analysis.returns import returns_of

    warnings.simplefilter("ignore")  # of pandas, about how quantstats calls it
    from quantstats import stats

    bars, other = _closes()
    returns, factor = (pd.Series(returns_of(each.close), index=pd.DatetimeIndex(each.days[1:])) for each in (bars, other))

    def by_quantstats() -> None:
        for number in (
            *(stats.comp, stats.cagr, stats.volatility, stats.sharpe, stats.sortino, stats.calmar, stats.max_drawdown),
            *(stats.value_at_risk, stats.cvar, stats.tail_ratio, stats.skew, stats.kurtosis, stats.best),
        ):
            number(returns)

    def beside() -> None:
        stats.greeks(returns, factor)
        stats.information_ratio(returns, factor)
        stats.r_squared(returns, factor)

    def by_empyrical() -> None:
        for number in (
            *(empyrical.cum_returns_final, empyrical.annual_return, empyrical.annual_volatility, empyrical.sharpe_ratio),
            *(empyrical.sortino_ratio, empyrical.calmar_ratio, empyrical.max_drawdown, empyrical.value_at_risk),
            *(empyrical.conditional_value_at_risk, empyrical.tail_ratio),
        ):
            number(returns)

    return {"quantstats": by_quantstats, "quantstats-beside": beside, "empyrical": by_empyrical}


def _closes() -> tuple[Bars, Bars]:
    from analysis.bars import adjusted_bars
    from features.prices.providers.sample import SampleProvider
    from models.price_series import PackedBars

    bars = {series.ticker: adjusted_bars(PackedBars.pack(series.bars), adjusted=True) for series in SampleProvider().series()}
    return bars["AAPL"], bars["MSFT"]


def _faster(what: str, ours: float, peer: float) -> Row:
    return Row(what, milliseconds(ours), milliseconds(peer), f"{times(peer / ours)} faster")
