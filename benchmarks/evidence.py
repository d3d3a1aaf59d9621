"""Verdicts, their backtest and their record on 13 years of days, compared with backtesting.py and vectorbt, which get the verdicts."""

from __future__ import annotations

from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, times, within
from benchmarks.servers import Servers

TITLE = "Evidence of one ticker"
NOTE = (
    "AAPL, 3,270 bars, adjusted arrays ready, strategy `balanced`, long only, without stops, 10 bp a side, the same 44 trades in all "
    "three. Cheap is all from prices on: the score of every day, the backtest with its seventeen numbers, and the record of the newest "
    "verdict with Wilson's interval. Exact is the table of five verdicts at four horizons with 1,000 resamples each, scores ready. "
    "backtesting.py runs with our scores as they are; vectorbt, which compiles for 17 s first, gets entries and exits. The median call of "
    "a round of 0.1 s, the best of 30 rounds taken in turns."
)
ROUNDS = 30
SECONDS = 0.1  # per round
CHEAP_LIMIT, EXACT_LIMIT = 0.003, 0.025  # seconds
FASTER_THAN_BACKTESTING = 12.0
OURS = ("cheap", "backtest", "stops", "exact")
PEERS = ("backtesting", "vectorbt", "vectorbt_numbers")


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    with Meter(__name__, "ours") as ours, Meter(__name__, "peers", with_pandas=True) as peers:
        contests = [*((ours, name, SECONDS) for name in OURS), *((peers, name, SECONDS) for name in PEERS)]
        best = best_of(ROUNDS, contests)
    over_backtesting = best["backtesting"] / best["cheap"]
    return [
        within("cheap: scores, backtest and record", best["cheap"], CHEAP_LIMIT),
        Row(
            "the same, beside backtesting.py 0.6.6 with the scores for free",
            milliseconds(best["cheap"]),
            milliseconds(best["backtesting"]),
            f"{times(over_backtesting)} faster",
            f"≥ {FASTER_THAN_BACKTESTING:g}× faster",
            over_backtesting >= FASTER_THAN_BACKTESTING,
        ),
        _faster("the backtest alone, beside vectorbt 1.2.0 `from_signals`", best["backtest"], best["vectorbt"]),
        _faster("the same, beside that with return, Sharpe ratio, drawdown, trades", best["backtest"], best["vectorbt_numbers"]),
        Row("the backtest alone with stops and targets", milliseconds(best["stops"])),
        within("exact: five verdicts at four horizons", best["exact"], EXACT_LIMIT),
    ]


def _faster(what: str, ours: float, peer: float) -> Row:
    return Row(what, milliseconds(ours), milliseconds(peer), f"{times(peer / ours)} faster")


def ours() -> Contenders:
    """Ours, on AAPL."""
    from analysis.backtest import Run, Signals, run_backtest
    from analysis.bars import FloatArray
    from analysis.engine import basis_of, parameters_of, signal_history
    from analysis.evidence import EvidenceRules, evidence_of
    from analysis.performance import equity_metrics, exposure_of, trade_metrics, turnover_of
    from analysis.record import record_of
    from benchmarks.engine import aapl
    from infrastructure.allocator import give_back_memory
    from models.analysis import Overrides
    from models.backtest import BacktestRules
    from models.evidence import COST_BP, HORIZONS, WARMUP
    from models.strategy import DEFAULT_STRATEGY, STRATEGIES

    give_back_memory()
    bars, parameters = aapl(), parameters_of(STRATEGIES[DEFAULT_STRATEGY], Overrides())
    history = signal_history(bars, parameters)
    ready = Signals(history.score, history.series.atr)
    scores: FloatArray = history.score

    def backtest(signals: Signals = ready, stops: bool = False) -> Run:
        run = run_backtest(bars, signals, parameters, BacktestRules(stops=stops), WARMUP)
        for numbers in (equity_metrics(run.values), trade_metrics(run.trades), equity_metrics(run.benchmark)):
            assert numbers
        assert exposure_of(run).value
        assert turnover_of(run).value
        return run

    def cheap() -> object:
        history = signal_history(bars, parameters)
        return backtest(Signals(history.score, history.series.atr)), record_of(bars, history.score, basis_of(parameters))

    assert record_of(bars, scores, "").available
    return {
        "cheap": cheap,
        "backtest": backtest,
        "stops": lambda: backtest(stops=True),
        "exact": lambda: evidence_of(bars, scores, HORIZONS, EvidenceRules(COST_BP, seed=1)),
    }


def peers() -> Contenders:
    """The peers, with the same scores, after a check that they make the same trades."""
    import os
    import warnings

    os.environ["TQDM_DISABLE"] = "1"  # a progress bar of backtesting.py would be measured, too
    import backtesting
    import pandas as pd
    import vectorbt

    from analysis.backtest import Signals, run_backtest
    from analysis.engine import parameters_of, signal_history
    from analysis.score import WEAK
    from benchmarks.backtest_golden import COST, Verdicts, frame
    from benchmarks.engine import aapl
    from models.analysis import Overrides
    from models.backtest import BacktestRules
    from models.evidence import WARMUP
    from models.strategy import DEFAULT_STRATEGY, STRATEGIES

    warnings.simplefilter("ignore")
    bars, parameters = aapl(), parameters_of(STRATEGIES[DEFAULT_STRATEGY], Overrides())
    history = signal_history(bars, parameters)
    rules = BacktestRules(stops=False)
    trades = len(run_backtest(bars, Signals(history.score, history.series.atr), parameters, rules, WARMUP).trades)
    prices = frame(bars)
    # They begin at their first bar. The score of a bar that does not count is a Hold to them.
    score = history.score.copy()
    score[:WARMUP] = 0.0
    test = backtesting.Backtest(prices, Verdicts, cash=rules.capital, commission=COST, finalize_trades=True)
    before = pd.Series(score, index=prices.index).shift(1)
    enters, leaves = before >= WEAK, before <= -WEAK

    def from_signals() -> vectorbt.Portfolio:
        return vectorbt.Portfolio.from_signals(
            prices["Close"], enters, leaves, price=prices["Open"], fees=COST, init_cash=rules.capital, freq="1D"
        )

    def with_numbers() -> object:
        portfolio = from_signals()
        return portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.max_drawdown(), portfolio.trades.win_rate()

    made = {"backtesting.py": int(test.run(score=score)["# Trades"]), "vectorbt": int(from_signals().trades.count())}
    assert set(made.values()) == {trades}, f"ours made {trades} trades, {made}"
    return {"backtesting": lambda: test.run(score=score), "vectorbt": from_signals, "vectorbt_numbers": with_numbers}
