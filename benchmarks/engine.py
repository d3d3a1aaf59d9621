"""One analysis of 13 years of days, compared with its TA-Lib calls alone, a textbook pandas version and the `ta` package."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, at_most, milliseconds, times
from benchmarks.servers import Servers

if TYPE_CHECKING:
    from analysis.bars import Bars
    from models.price_series import PackedBars

TITLE = "Engine"
NOTE = (
    "AAPL, 3,270 bars, adjusted arrays ready. Ours is `analysis.engine.analyse` whole: series, votes, score, reasons, levels, trade, "
    "warnings, and the same in a batch, with equal results; the peers compute series only. The median call of a round of 0.1 s, the best "
    "of 50 rounds taken in turns (of 4 for `ta`). The allocator is set as in the service's processes."
)
ROUNDS, TA_ROUNDS = 50, 4
SECONDS = 0.1  # per round
BATCH = 64  # tickers
AT_MOST_TALIB = {"analyse": 1.8, "batch": 1.4, "history": 3.0}
FASTER_THAN_PANDAS = 15.0
SAME = 1e-6  # relative difference of a newest value from TA-Lib's


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    with Meter(__name__, "ours") as ours, Meter(__name__, "peers", with_pandas=True) as peers:
        contests = [(ours, name, SECONDS) for name in ("talib", "analyse", "batch", "history")]
        best = best_of(ROUNDS, [*contests, (peers, "pandas", SECONDS)])
        best |= best_of(TA_ROUNDS, [(peers, "ta", 0.0)])
    analyse = best["analyse"]
    over_pandas, over_ta = best["pandas"] / analyse, best["ta"] / analyse
    best["batch"] /= BATCH
    beside_talib = {
        "analyse": "analyse, beside the bare TA-Lib calls that it makes",
        "batch": f"one of {BATCH} tickers in a batch, beside the same",
        "history": "the score of every day, beside the same",
    }
    return [
        *(at_most(what, best[name], best["talib"], AT_MOST_TALIB[name]) for name, what in beside_talib.items()),
        Row(
            "analyse, beside the same twelve in textbook pandas",
            milliseconds(analyse),
            milliseconds(best["pandas"]),
            f"{times(over_pandas)} faster",
            f"≥ {FASTER_THAN_PANDAS:g}× faster",
            over_pandas >= FASTER_THAN_PANDAS,
        ),
        Row("analyse, beside `ta` 0.11.0, all features", milliseconds(analyse), milliseconds(best["ta"]), f"{times(over_ta)} faster"),
    ]


def ours() -> Contenders:
    """The analysis, and the TA-Lib calls that it makes, recorded from one analysis."""
    import talib

    from analysis.bars import adjusted_bars
    from analysis.engine import Batch, analyse, parameters_of, signal_history
    from infrastructure.allocator import give_back_memory
    from models.analysis import Analysis, Overrides
    from models.price_series import PackedBars
    from models.strategy import DEFAULT_STRATEGY, STRATEGIES

    give_back_memory()
    packed = _packed()
    # As many as in a batch, so that none is in the CPU's cache when its turn comes.
    many = itertools.cycle([PackedBars(bytes(bytearray(packed.data))) for _ in range(BATCH)])
    bars, parameters = adjusted_bars(packed, adjusted=True), parameters_of(STRATEGIES[DEFAULT_STRATEGY], Overrides())
    columns = (bars.high, bars.low, bars.close)
    calls: list[tuple[Any, tuple[Any, ...]]] = []

    def recorder(function: Any) -> Any:
        def record(*arguments: Any) -> Any:
            # The lower bound computes all bars of every indicator; the engine computes two of them from the last bars only.
            whole = (*columns, *arguments[len(columns) :]) if function in (originals["CCI"], originals["WILLR"]) else arguments
            calls.append((function, whole))
            return function(*arguments)

        return record

    originals = {name: getattr(talib, name) for name in talib.get_functions()}
    for name, original in originals.items():
        setattr(talib, name, recorder(original))
    analyse(bars, parameters)
    for name, original in originals.items():
        setattr(talib, name, original)
    assert len(calls) >= 14, "analyse no longer calls TA-Lib by its module's names"

    def bare_calls() -> None:
        for function, arguments in calls:
            function(*arguments)

    def batch(read: Callable[[], Bars] = lambda: bars) -> list[Analysis]:
        together = Batch(parameters)
        for _ in range(BATCH):
            together.add(read())
        return together.analyses()

    assert batch() == [analyse(bars, parameters)] * BATCH
    return {
        "talib": bare_calls,
        "analyse": lambda: analyse(bars, parameters),
        "batch": batch,
        "packed": lambda: batch(lambda: adjusted_bars(next(many), adjusted=True)),
        "history": lambda: signal_history(bars, parameters),
    }


def peers() -> Contenders:
    """The pandas versions on a data frame, after a check that they agree with TA-Lib."""
    import pandas as pd
    import ta

    from benchmarks.textbook_pandas import twelve_indicators

    bars = aapl()
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    prices = pd.DataFrame(columns, index=pd.DatetimeIndex(bars.days))
    _check(twelve_indicators(prices).iloc[-1].to_dict(), bars)
    warnings.simplefilter("ignore")

    def all_features() -> object:
        return ta.add_all_ta_features(prices.copy(), open="open", high="high", low="low", close="close", volume="volume", fillna=True)

    return {"pandas": lambda: twelve_indicators(prices), "ta": all_features}


def _packed() -> PackedBars:
    from features.prices.providers.sample import SampleProvider
    from models.price_series import PackedBars

    return PackedBars.pack(next(series for series in SampleProvider().series() if series.ticker == "AAPL").bars)


def aapl() -> Bars:
    """The bundled history of AAPL, adjusted."""
    from analysis.bars import adjusted_bars

    return adjusted_bars(_packed(), adjusted=True)


def _check(newest: dict[str, float], bars: Any) -> None:
    from analysis.rules import shown_values
    from analysis.series import compute_series
    from models.indicator import INDICATORS

    series = compute_series(bars, 1)
    expected = dict(zip(INDICATORS, shown_values(tuple(INDICATORS), series)[:, -1].tolist(), strict=True))
    # OBV is a running sum: TA-Lib starts it with the first volume, pandas with 0.
    expected["obv"] -= float(bars.volume[0])
    expected |= {"plus_di": float(series.plus_di[-1]), "minus_di": float(series.minus_di[-1])}
    for key, value in expected.items():
        assert abs(newest[key] - value) <= SAME * max(abs(value), 1.0), f"{key}: pandas {newest[key]}, TA-Lib {value}"
