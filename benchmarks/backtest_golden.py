"""`.venv-bench/bin/python -m benchmarks.backtest_golden`: what peers make of our backtests, for tests/analysis/test_backtest_golden.py.

The verdicts are ours. backtesting.py and vectorbt trade them, empyrical measures our equity, and arch judges five strategies with our
blocks. None of the four is installed where the tests run.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import arch.bootstrap
import backtesting
import backtesting.lib
import empyrical
import numpy as np
import pandas as pd
import vectorbt

from analysis.backtest import Run, Signals, run_backtest
from analysis.bars import Bars, FloatArray, adjusted_bars
from analysis.bootstrap import Blocks
from analysis.engine import parameters_of, signal_history
from analysis.returns import returns_of
from analysis.score import WEAK
from analysis.trade import stop_distance
from features.prices.providers.sample import SampleProvider
from models.analysis import Overrides
from models.backtest import BacktestRules
from models.evidence import WARMUP
from models.price_series import PackedBars
from models.strategy import STRATEGIES

PATH = Path("tests/analysis/golden/backtests.json")
RULES = BacktestRules(stops=False)
COST = RULES.cost_bp / 2 / 10_000  # of a side
SEED = 20_261_129  # of the blocks
LARGE = 1e13


class Verdicts(backtesting.Strategy):
    """Enters at the open after a Buy and leaves at that after a Sell."""

    score: Any = None

    def init(self) -> None:
        """Nothing to prepare."""

    def next(self) -> None:
        """Act on the newest close."""
        score = self.score[len(self.data) - 1]
        if not self.position and score >= WEAK:
            self.buy()
        elif self.position and score <= -WEAK:
            self.position.close()


class VerdictsWithStops(Verdicts):
    """The same with a stop and a target, set with the order, so that they count from the entry's bar on. It knows the open of its entry."""

    opens: Any = None
    atr: Any = None
    parameters: Any = None

    def next(self) -> None:
        """Act on the newest close."""
        bar = len(self.data) - 1
        if not self.position and self.score[bar] >= WEAK and bar + 1 < len(self.opens):
            price = self.opens[bar + 1]
            distance = stop_distance(price, self.atr[bar], self.parameters)
            # Not as arguments: they are refused where the open jumps over them from the close.
            self.buy()._replace(sl_price=price - distance, tp_price=price + distance * self.parameters.reward_risk)
        elif self.position and self.score[bar] <= -WEAK:
            self.position.close()


def frame(bars: Bars) -> pd.DataFrame:
    """The bars as the peers want them."""
    columns = {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close, "Volume": bars.volume}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(bars.days.astype("datetime64[ns]")))


def by_backtesting(prices: pd.DataFrame, score: FloatArray) -> dict[str, Any]:
    """What backtesting.py makes of the scores. It never acts on the first bar, so one with Hold comes before."""
    test = backtesting.lib.FractionalBacktest(prices, Verdicts, cash=RULES.capital, commission=COST, finalize_trades=False)
    stats = test.run(score=score)
    trades = stats["_trades"]
    return {
        "total_return": float(stats["Return [%]"]) / 100,
        "sharpe": float(stats["Sharpe Ratio"]),
        "max_drawdown": float(stats["Max. Drawdown [%]"]) / 100,
        "entries": days(trades["EntryTime"]),
        "exits": days(trades["ExitTime"]),
    }


def with_stops(prices: pd.DataFrame, **values: Any) -> dict[str, Any]:
    """What backtesting.py makes of the scores with stops and targets. The capital is so large that whole shares do not matter."""
    stats = backtesting.Backtest(prices, VerdictsWithStops, cash=LARGE, commission=COST, finalize_trades=False).run(
        opens=prices["Open"].to_numpy(), **values
    )
    trades = stats["_trades"]
    return {
        "total_return": float(stats["Return [%]"]) / 100,
        "entries": days(trades["EntryTime"]),
        "exits": days(trades["ExitTime"]),
        "prices": [float(price) for price in trades["ExitPrice"]],
    }


def by_vectorbt(prices: pd.DataFrame, score: FloatArray) -> dict[str, Any]:
    """What vectorbt makes of the scores; it fills at the bar of a signal, so signals come one bar later."""
    before = pd.Series(score, index=prices.index).shift(1)
    portfolio = vectorbt.Portfolio.from_signals(
        prices["Close"], before >= WEAK, before <= -WEAK, price=prices["Open"], fees=COST, init_cash=RULES.capital, freq="1D"
    )
    trades = portfolio.trades.records_readable
    closed = trades[trades["Status"] == "Closed"]
    return {
        "total_return": float(portfolio.total_return()),
        "sharpe": float(portfolio.sharpe_ratio()),
        "max_drawdown": float(portfolio.max_drawdown()),
        "entries": days(closed["Entry Timestamp"]),
        "exits": days(closed["Exit Timestamp"]),
        "profits": [float(profit) for profit in closed["PnL"]],
    }


def by_empyrical(values: FloatArray) -> dict[str, float]:
    """What empyrical measures of equity."""
    returns = pd.Series(returns_of(values))
    return {
        "total_return": float(empyrical.cum_returns_final(returns)),
        "cagr": float(empyrical.annual_return(returns)),
        "volatility": float(empyrical.annual_volatility(returns)),
        "sharpe": float(empyrical.sharpe_ratio(returns)),
        "sortino": float(empyrical.sortino_ratio(returns)),
        "max_drawdown": float(empyrical.max_drawdown(returns)),
        "calmar": float(empyrical.calmar_ratio(returns)),
    }


def by_arch(runs: list[Run]) -> dict[str, float]:
    """What arch's test makes of strategies against buy-and-hold, with our blocks."""
    benchmark = returns_of(runs[0].benchmark)
    returns = np.array([returns_of(run.values) for run in runs]).T
    blocks = Blocks.drawn(SEED, len(returns), int(len(returns) ** 0.5))
    starts = np.roll(blocks.starts, -1, axis=1)  # the first block of each resample is the one that is cut
    rows = (starts[:, :, None] + np.arange(blocks.block)).reshape(len(starts), -1)[:, : len(returns)] % len(returns)

    class Ours(arch.bootstrap.CircularBlockBootstrap):
        drawn = iter(rows)

        def update_indices(self) -> Any:
            return next(self.drawn)

    test = arch.bootstrap.SPA(-benchmark, -returns, block_size=blocks.block, reps=len(rows), bootstrap="circular")
    test.bootstrap = Ours(blocks.block, returns - benchmark[:, None])
    test.compute()
    return {name: float(value) for name, value in test.pvalues.items()}


def first_traded(bars: Bars) -> int:
    """The first bar whose close is traded; of a short series that in its middle."""
    return min(WARMUP, len(bars) // 2)


def days(times: Any) -> list[str]:
    """Days as text."""
    return [f"{time:%Y-%m-%d}" for time in times]


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    golden: dict[str, Any] = {"seed": SEED, "backtests": {}, "reality_check": {}}
    for series in SampleProvider().series():
        bars = adjusted_bars(PackedBars.pack(series.bars), adjusted=True)
        first = first_traded(bars)
        prices, runs = frame(bars)[first - 1 :], []
        golden["backtests"][series.ticker] = {}
        for strategy in STRATEGIES.values():
            parameters = parameters_of(strategy, Overrides())
            history = signal_history(bars, parameters)
            runs.append(run_backtest(bars, Signals(history.score, history.series.atr), parameters, RULES, first))
            score, atr = np.concatenate([[0.0], history.score[first:]]), history.series.atr[first - 1 :]
            golden["backtests"][series.ticker][strategy.id] = {
                "backtesting": by_backtesting(prices, score),
                "with_stops": with_stops(prices, score=score, atr=atr, parameters=parameters),
                "vectorbt": by_vectorbt(prices, score),
                "empyrical": by_empyrical(runs[-1].values),
            }
        golden["reality_check"][series.ticker] = {"all": by_arch(runs)} | {
            strategy: by_arch([run]) for strategy, run in zip(STRATEGIES, runs, strict=True)
        }
    PATH.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
