"""docs/evidence.md: its numbers are those that the code computes."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from kit.bars import chosen
from kit.paths import ROOT

from analysis.backtest import Run, Signals, run_backtest
from analysis.bars import Bars, adjusted_bars
from analysis.bootstrap import wilson
from analysis.calibration import CountRules, Sums, count_ticker
from analysis.calibration_table import seed_of, tables_of
from analysis.deflated_sharpe import SharpeEstimate, deflated_sharpe, expected_best
from analysis.engine import Fingerprints, SignalHistory, signal_history
from analysis.evidence import EvidenceRules, evidence_of
from analysis.honesty import check_honesty, rule_of
from analysis.performance import equity_metrics, exposure_of, trade_metrics
from analysis.returns import returns_of
from analysis.score import verdict_of
from features.prices.providers.sample import SampleProvider
from models.analysis import Verdict
from models.backtest import BacktestRules
from models.evidence import COST_BP, HORIZONS, WARMUP, HorizonEvidence, VerdictEvidence
from models.price_series import PackedBars, digest_of
from models.strategy import STRATEGIES

TEXT = " ".join((ROOT / "docs" / "evidence.md").read_text().split())


@functools.cache
def series() -> dict[str, PackedBars]:
    return {each.ticker: PackedBars.pack(each.bars) for each in SampleProvider().series()}


@functools.cache
def scored(ticker: str) -> tuple[Bars, SignalHistory]:
    bars = adjusted_bars(series()[ticker], adjusted=True)
    return bars, signal_history(bars, chosen())


@functools.cache
def apple() -> HorizonEvidence:
    bars, history = scored("AAPL")
    seed = int(Fingerprints(chosen()).of("AAPL", digest_of(series()["AAPL"], ()), None)[:8], 16)
    (evidence,) = evidence_of(bars, history.score, (20,), EvidenceRules(COST_BP, seed))
    return evidence


def of(verdict: Verdict) -> VerdictEvidence:
    (found,) = (one for one in apple().verdicts if one.verdict is verdict)
    return found


@functools.cache
def run(ticker: str, stops: bool) -> Run:
    bars, history = scored(ticker)
    return run_backtest(bars, Signals(history.score, history.series.atr), chosen(), BacktestRules(stops=stops), WARMUP)


def told(*sentences: str) -> None:
    """Whether the page says all of these."""
    assert [sentence for sentence in sentences if sentence not in TEXT] == []


def percent(share: float | None, digits: int = 1) -> str:
    assert share is not None
    return f"{100 * share:,.{digits}f} %".replace("-", "−")


def points(share: float | None, digits: int = 2) -> str:
    assert share is not None
    return f"{100 * share:+.{digits}f} points".replace("-", "−")


def test_one_day() -> None:
    bars, history = scored("AAPL")
    at = int(np.searchsorted(bars.days, np.datetime64("2012-02-02")))
    assert verdict_of(float(history.score[at])) is Verdict.BUY
    assert [str(bars.days[day]) for day in (at + 1, at + 21)] == ["2012-02-03", "2012-03-05"]
    entry, leave = bars.open[at + 1], bars.open[at + 21]
    whole, cost = leave / entry - 1, COST_BP / 10_000
    told(f"{leave:.2f} / {entry:.2f} − 1 = {percent(whole, 2)}", f"{percent(whole, 2)} − {percent(cost, 2)} = {percent(whole - cost, 2)}")
    told(f"{WARMUP} bars (trading days) come before it")


def test_all_days() -> None:
    bars, _ = scored("AAPL")
    base, buy, sell = apple().base, of(Verdict.BUY), of(Verdict.SELL)
    assert buy.hit is not None
    told(f"Of AAPL's {len(bars):,} bars, {base.n:,} days count at 20 days, and {buy.n:,} of them were a Buy.")
    told(
        f"| {round(buy.hit * buy.n):,} of {buy.n:,}: {percent(buy.hit)} |",
        f"| {round(base.hit * base.n):,} of {base.n:,}: {percent(base.hit)} |",
    )
    told(f"| {points(buy.lift, 1)} |", f"| +{percent(buy.mean, 2)} |", f"| {points(buy.excess)} |", f"| {buy.episodes} |")
    told(f"it was right on {percent(sell.hit)} of {sell.n} days, while {percent(base.fell)} of all days fell")
    rare = of(Verdict.STRONG_SELL)
    assert rare.too_few
    told(f"AAPL's Strong Sell: {rare.n} days in {rare.episodes} episodes")


def test_the_range() -> None:
    buy = of(Verdict.BUY)
    assert buy.hit is not None
    assert buy.hit_low is not None
    assert buy.hit_high is not None
    told(f"for the Buy, {percent(buy.hit_low, 0)} to {percent(buy.hit_high, 0)}")
    assert (round(100 * (buy.lift_low or 0)), round(100 * (buy.lift_high or 0))) == (-3, 8)
    told("for its lift, −3 to +8 points", "no better than any day, so it is worth nothing by itself")
    assert buy.sentence.endswith("no better than any day, so it is worth nothing by itself.")
    for count, words in ((buy.episodes, "for the same Buy"), (buy.n, f"Wilson's formula with {buy.n:,} days")):
        low, high = wilson(buy.hit, count)
        told(f"{percent(low, 0)} to {percent(high, 0)}", words)
    assert buy.hit_high - buy.hit_low > 3 * (high - low)
    told(f"blocks of four horizons ({apple().block_days} days)")


def test_the_halves() -> None:
    older, newer = of(Verdict.BUY).halves
    told(f"{percent(older.hit)} beside a base of {percent(older.base)} until June 2007")
    told(f"{percent(newer.hit)} beside {percent(newer.base)} since")
    assert older.last.strftime("%B %Y") == "June 2007"


def test_no_verdict_was_better_than_any_day() -> None:
    """What the first paragraph says, of all tickers at the horizon of the record."""
    for ticker in series():
        bars, history = scored(ticker)
        for horizon in evidence_of(bars, history.score, (20,), EvidenceRules(COST_BP, 1)):
            for one in horizon.verdicts:
                assert one.lift_low is None or one.lift_low < 0


def test_the_calibration() -> None:
    rules = CountRules(HORIZONS, COST_BP)
    long_enough = [ticker for ticker in series() if len(scored(ticker)[0]) >= rules.bars_needed]
    assert set(series()) - set(long_enough) == {"FB"}
    runs = {ticker: run(ticker, False) for ticker in long_enough}
    beat = {ticker: bool(one.values[-1] > one.benchmark[-1]) for ticker, one in runs.items()}
    counts = [count_ticker(scored(ticker)[0], scored(ticker)[1].score, rules, beat[ticker]) for ticker in long_enough]
    sums = Sums.of(counts, len(HORIZONS), too_short=1)
    (table,) = (one for one in tables_of(sums, HORIZONS, seed_of(sums)) if one.h == 20)
    for number, name in ((1, "1, lowest"), (5, "5"), (10, "10, highest")):
        one = table.deciles[number - 1]
        scores = f"{one.low_score:.2f} to {one.high_score:.2f}".replace("-", "−")
        told(f"| {name} | {scores} | {one.n:,} | {percent(one.hit)} | {points(one.excess)} |")
    highest = table.deciles[-1]
    told(f"the range of the highest tenth is {percent(highest.hit_low, 0)} to {percent(highest.hit_high, 0)}")
    told(f"and {percent(table.base.hit)} of all days rose")
    assert sum(beat.values()) == 0
    told("here on none of four")


def test_the_backtest() -> None:
    with_stops, alone = run("AAPL", True), run("AAPL", False)
    columns = [equity_metrics(values) for values in (with_stops.values, alone.values, alone.benchmark)]
    for name, digits in (("total_return", 0), ("cagr", 1), ("volatility", 1), ("max_drawdown", 1)):
        told(" | ".join(percent(column[name].value, digits) for column in columns) + " |")
    told(" | ".join(f"{column['sharpe'].value:.2f}" for column in columns) + " |")
    told(" | ".join(_wins(one) for one in (with_stops, alone)) + " | |")
    told(" | ".join(percent(exposure_of(one).value, 0) for one in (with_stops, alone)) + " | |")


def _wins(one: Run) -> str:
    metrics = trade_metrics(one.trades)
    return f"{percent(metrics['win_rate'].value)} of {metrics['trades'].value:.0f}"


def test_five_closes() -> None:
    values = np.array([100.0, 102.0, 101.0, 103.0, 102.0])
    returns, metrics = returns_of(values), equity_metrics(values)
    told(", ".join(percent(one, 2) for one in returns))
    told(f"102 / 100 − 1 = {percent(metrics['total_return'].value, 2)}", f"= {percent(metrics['max_drawdown'].value, 2)}")
    told(f"their standard deviation, {percent(returns.std(ddof=1), 2)}, × √252 = {percent(metrics['volatility'].value)}")
    told(f"their mean, {percent(returns.mean(), 3)}, / {percent(returns.std(ddof=1), 2)}, × √252 = {metrics['sharpe'].value:.2f}")


def test_luck() -> None:
    directed = len(Verdict) - 1
    ranges = len(STRATEGIES) * len(HORIZONS) * directed
    told(f"{len(STRATEGIES)} strategies × {len(HORIZONS)} horizons × {directed} verdicts with a direction: {ranges} ranges")
    told(f"so that {0.05 * ranges:.0f} of {ranges} would show")
    spread, estimate = 0.5 / 250, SharpeEstimate(2.5 / 250**0.5, 1250, -3.0, 10.0)
    told(f"whose best would reach {expected_best(100, spread) * 250**0.5:.2f} by luck")
    told(f"It comes to {deflated_sharpe(estimate, 100, spread):.3f}; after 46 tries to {deflated_sharpe(estimate, 46, spread):.3f}.")


def test_honesty() -> None:
    whole = series()["AAPL"]
    found = check_honesty(len(whole), lambda *part: adjusted_bars(whole.rows(*part), adjusted=True), rule_of(chosen()))
    assert found.lookahead.max_difference < 1e-12
    assert found.lookahead.changed == 0
    by_bars = {row.bars: row.verdict_changes for row in found.recursion}
    told(f"With only the last 120 bars, {by_bars[120]} of AAPL's 60 verdicts would have been others, with 200 bars {by_bars[200]}")
    assert [by_bars[bars] for bars in by_bars if bars >= 250] == [0] * 6


@pytest.mark.parametrize("name", ["README.md", "docs/usage.md"])
def test_it_is_found(name: str) -> None:
    assert "evidence.md" in (ROOT / name).read_text()
