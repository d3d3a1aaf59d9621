"""The record that a result carries: how often its verdict was right on its ticker, with a cheap interval."""

from __future__ import annotations

import numpy as np

from analysis.bars import Bars, BoolArray, FloatArray
from analysis.bootstrap import BLOCK_HORIZONS, FEWEST_BLOCKS, block_interval, wilson
from analysis.outcomes import BASIS_POINTS, outcomes_of, run_starts
from analysis.score import VERDICTS, verdict_of
from models.analysis import Verdict
from models.evidence import COST_BP, FEWEST_EPISODES, RECORD_HORIZON, WARMUP, NoRecord, Record, VerdictRecord

BARS_NEEDED = WARMUP + RECORD_HORIZON + 2  # for one day that counts
BLOCK = BLOCK_HORIZONS * RECORD_HORIZON  # bars
NO_DIRECTION = "Hold names no direction, so it can be neither right nor wrong."
TOO_SHORT = NoRecord(False, f"The history is too short: a day counts with {WARMUP} bars before it and {RECORD_HORIZON + 1} after it.")


def record_of(bars: Bars, scores: FloatArray, basis: str) -> Record:
    """The record of the newest bar's verdict over the days before it that count, given the score of each bar."""
    verdict = verdict_of(float(scores[-1]))
    if verdict is Verdict.HOLD:
        return NoRecord(False, NO_DIRECTION)
    if len(bars) < BARS_NEEDED:
        return TOO_SHORT
    outcomes = outcomes_of(bars, scores, RECORD_HORIZON)
    of_verdict = outcomes.codes == VERDICTS.index(verdict)
    n = int(np.count_nonzero(of_verdict))
    episodes = int(np.count_nonzero(of_verdict & run_starts(outcomes.codes)))
    if episodes < FEWEST_EPISODES:
        return NoRecord(False, too_few(verdict, n, episodes))
    right = is_right(verdict, outcomes.returns, COST_BP)
    hits = int(np.count_nonzero(right & of_verdict))
    hit, base = hits / n, int(np.count_nonzero(right)) / len(right)
    if len(right) < FEWEST_BLOCKS * BLOCK:
        return NoRecord(False, too_short(verdict, RECORD_HORIZON, hit, n))
    low, high = wilson(hit, episodes)
    # What each day adds to the lift, beside the others.
    influence = np.where(of_verdict, (right - hit) * (len(right) / n), 0.0)
    influence -= right - base
    lift_low, lift_high = block_interval(hit - base, influence, BLOCK)
    told = sentence(verdict, RECORD_HORIZON, (hit, low, high, base), (n, episodes), worth(lift_low, lift_high))
    shares = (hit, low, high, base, hit - base, lift_low, lift_high)
    return VerdictRecord(True, RECORD_HORIZON, verdict, n, episodes, *shares, "wilson_on_episodes", basis, told)


def is_right(verdict: Verdict, returns: FloatArray, cost_bp: float) -> BoolArray:
    """Whether each return after cost has the verdict's sign: above 0 for a Buy; below 0 for a Sell, so that holding did not pay."""
    cost = cost_bp / BASIS_POINTS
    return returns > cost if is_buy(verdict) else returns < cost


def is_buy(verdict: Verdict) -> bool:
    """Whether a verdict with a direction says that prices rise."""
    return verdict in (Verdict.BUY, Verdict.STRONG_BUY)


def sentence(verdict: Verdict, horizon: int, shares: tuple[float, float, float, float], counts: tuple[int, int], judgement: str) -> str:
    """How often a verdict was right, beside any day: its hit, low, high and base, its days and episodes, and what that is worth."""
    hit, low, high, base = shares
    days, episodes = counts
    rose = "rose" if is_buy(verdict) else "fell"
    return (
        f"{verdict} was right after {horizon} days {percent(hit)} of {days:,} days in {episodes} episodes "
        f"({100 * low:.0f}–{percent(high)}); any {horizon} days {rose} {percent(base)}: {judgement}."
    )


def worth(low: float, high: float) -> str:
    """What the bounds of a lift are worth."""
    if low > 0:
        return "better than any day"
    if high < 0:
        return "worse than any day"
    return "no better than any day, so it is worth nothing by itself"


def too_few(verdict: Verdict, days: int, episodes: int) -> str:
    """Why a verdict that came so seldom has no record."""
    if not episodes:
        return f"Too few to say: {verdict} never came on this ticker before."
    come = "1 episode" if episodes == 1 else f"{episodes} episodes"
    return f"Too few to say: {verdict} came on {days:,} {'day' if days == 1 else 'days'} in {come}, and {FEWEST_EPISODES} are needed."


def too_short(verdict: Verdict, horizon: int, hit: float, days: int) -> str:
    """Why a verdict has no interval, though it came often."""
    was = f"{verdict} was right after {horizon} days {percent(hit)} of {days:,} days"
    return f"Too short a history to say: {was}, and an interval needs {FEWEST_BLOCKS * BLOCK_HORIZONS * horizon} days that count."


def percent(share: float) -> str:
    """A share as whole percent."""
    return f"{100 * share:.0f}%"
