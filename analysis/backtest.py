"""A backtest of one ticker: the verdict of each close is traded at the next open.

One position at a time, with all capital and fractional shares. The loop is over trades; bars are walked only where a stop may end one,
because numpy's calls cost more on so few.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars, BoolArray, FloatArray
from analysis.rules import divisions_by_zero_ignored
from analysis.score import WEAK, scores_of
from analysis.series import compute_series
from analysis.trade import stop_distance
from models.analysis import Parameters, Side
from models.backtest import BacktestRules, BacktestTrade, ExitReason, Sides

_BASIS_POINTS = 10_000.0
_DUST = 1e-9  # of the equity before: less than this is nothing


class Signals(NamedTuple):
    """The score and the average true range of each bar, of shape (bars,)."""

    score: FloatArray
    atr: FloatArray


def signals_of(bars: Bars, choices: Iterable[Parameters]) -> list[Signals]:
    """The signals by each of several parameters; the indicators are computed once."""
    with divisions_by_zero_ignored():
        series = compute_series(bars, len(bars))
        return [Signals(scores_of(series, choice), series.atr) for choice in choices]


class Position(NamedTuple):
    """An open position: signed `units`, and the `cash` beside them: of a short one the capital and what the sale brought."""

    direction: int  # 1 for long, −1 for short
    bar: int
    price: float
    units: float
    cash: float
    stake: float  # the equity before


class RunTrade(NamedTuple):
    """A trade by the indexes of its bars; `equity` is that after it."""

    position: Position
    bar: int
    price: float
    reason: ExitReason
    equity: float

    @property
    def is_open(self) -> bool:
        """Whether the position is still held at the last close."""
        return self.reason is ExitReason.END

    @property
    def profit(self) -> float:
        """After costs."""
        return self.equity - self.position.stake

    @property
    def net_return(self) -> float:
        """The profit as a fraction of the equity before."""
        return self.equity / self.position.stake - 1

    @property
    def bars(self) -> int:
        """How long the position was held."""
        return self.bar - self.position.bar

    @property
    def traded(self) -> float:
        """The value of its purchase and sale."""
        position = self.position
        return abs(position.units) * (position.price + (0.0 if self.is_open else self.price))

    def dated(self, bars: Bars) -> BacktestTrade:
        """The trade with its days."""
        position = self.position
        return BacktestTrade(
            side=Side.LONG if position.direction > 0 else Side.SHORT,
            entry_day=bars.day(position.bar),
            entry_price=position.price,
            exit_day=bars.day(self.bar),
            exit_price=self.price,
            size=abs(position.units),
            reason=self.reason,
            net_return=self.net_return,
            profit=self.profit,
            bars=self.bars,
            open=self.is_open,
        )


@dataclass(frozen=True)
class Run:
    """The outcome. `values` and `benchmark` are the equity at each close from the bar `first` on, that of `first` being the capital.

    `held` counts the closes at which there was a position.
    """

    first: int
    trades: tuple[RunTrade, ...]
    values: FloatArray
    benchmark: FloatArray
    held: int


def run_backtest(bars: Bars, signals: Signals, parameters: Parameters, rules: BacktestRules, first: int) -> Run:
    """Trade the verdicts of the closes from the bar `first` on; there must be such a bar."""
    return _Market(bars, signals, parameters, rules).traded(first)


class _Orders(NamedTuple):
    """The bars, ascending, at whose open a position may be entered, with its direction, and those at which one is left."""

    entries: list[int]
    directions: list[int]
    leave_long: list[int]
    leave_short: list[int]


class _Exit(NamedTuple):
    """How a position ends: at a bar, by a price that slippage has not worsened yet."""

    bar: int
    price: float
    reason: ExitReason


class _Market:
    """The bars, and the rules by which they are traded."""

    def __init__(self, bars: Bars, signals: Signals, parameters: Parameters, rules: BacktestRules) -> None:
        self._bars, self._signals, self._parameters, self._rules = bars, signals, parameters, rules
        self._half_cost = rules.cost_bp / 2 / _BASIS_POINTS
        self._slippage = rules.slippage_bp / _BASIS_POINTS
        self._fillable = fillable(bars.volume)
        self._all_fillable = bool(self._fillable.all())
        if rules.stops or rules.side is not Sides.LONG:
            self._highs: list[float] = bars.high.tolist()
            self._lows: list[float] = bars.low.tolist()

    def traded(self, first: int) -> Run:
        """Make all trades."""
        orders, capital, count = self._orders(first), self._rules.capital, len(self._bars)
        bounds, units, cash = [first], [0.0], [capital]  # of stretches with the same position, by their first close
        trades: list[RunTrade] = []
        held, cursor = 0, first + 1
        while capital > 0 and (index := bisect_left(orders.entries, cursor)) < len(orders.entries):
            position = self._entered(orders.entries[index], orders.directions[index], capital)
            leave = orders.leave_long if position.direction > 0 else orders.leave_short
            index = bisect_left(leave, position.bar + 1)
            trade = self._left(position, self._exit(position, leave[index] if index < len(leave) else count))
            trades.append(trade)
            capital, after = trade.equity, count if trade.is_open else trade.bar
            held += after - position.bar
            bounds += (position.bar, after)
            units += (position.units, 0.0)
            cash += (position.cash, capital)
            # A verdict that leaves at an open may enter the other side at the same one.
            cursor = after if trade.reason is ExitReason.SIGNAL else after + 1
        lengths = np.diff([*bounds, count])
        values = np.repeat(units, lengths)
        values *= self._bars.close[first:]
        values += np.repeat(cash, lengths)
        return Run(first, tuple(trades), values, self._benchmark(first), held)

    def _orders(self, first: int) -> _Orders:
        """An entry needs the verdict of the close before it; an order to leave waits for volume until the verdict turns round."""
        score, filled = self._signals.score[first:-1], self._fillable[first + 1 :]
        buy, sell = score >= WEAK, score <= -WEAK
        after_sell, after_buy = sell, buy
        if not self._all_fillable:
            after_sell, after_buy = _waiting(buy, sell, filled)
            buy, sell = buy & filled, sell & filled

        def bars(where: BoolArray) -> list[int]:
            listed: list[int] = (where.nonzero()[0] + (first + 1)).tolist()
            return listed

        if self._rules.side is Sides.LONG:
            entries = bars(buy)
            return _Orders(entries, [1] * len(entries), bars(after_sell), [])
        enters = buy | sell
        return _Orders(bars(enters), np.where(buy, 1, -1)[enters].tolist(), bars(after_sell), bars(after_buy))

    def _entered(self, bar: int, direction: int, capital: float) -> Position:
        price = self._bars.open.item(bar) * (1 + direction * self._slippage)
        size = capital / (price * (1 + self._half_cost))
        cash = 0.0 if direction > 0 else capital + size * price * (1 - self._half_cost)
        return Position(direction, bar, price, direction * size, cash, capital)

    def _exit(self, position: Position, leave: int) -> _Exit:
        """The exit at the open of the bar `leave`, or before it by a stop, a target or ruin."""
        stop, target = self._levels(position)
        if position.direction > 0:
            return self._exit_long(position.bar, leave, stop, target) if self._rules.stops else self._last_exit(leave)
        ruin = self._ruin(position)
        return self._exit_short(position.bar, leave, (min(stop, ruin), ruin), target)

    def _exit_long(self, entry: int, leave: int, stop: float, target: float) -> _Exit:
        highs, lows, all_fillable = self._highs, self._lows, self._all_fillable
        for bar in range(entry, leave):
            if (lows[bar] <= stop or highs[bar] >= target) and (all_fillable or self._fillable[bar]):
                opened = self._bars.open.item(bar)
                if opened >= target:
                    return _Exit(bar, opened, ExitReason.TARGET)
                if lows[bar] <= stop:
                    return _Exit(bar, min(stop, opened), ExitReason.STOP)
                return _Exit(bar, target, ExitReason.TARGET)
        return self._last_exit(leave)

    def _exit_short(self, entry: int, leave: int, stops: tuple[float, float], target: float) -> _Exit:
        """Like `_exit_long`, with the stop and the price of ruin, which waits for no volume."""
        (stop, ruin), highs, lows = stops, self._highs, self._lows
        for bar in range(entry, leave):
            if highs[bar] >= stop or lows[bar] <= target:
                can_fill = self._all_fillable or bool(self._fillable[bar])
                if not can_fill and highs[bar] < ruin:
                    continue
                opened, level = self._bars.open.item(bar), stop if can_fill else ruin
                if can_fill and opened <= target:
                    return _Exit(bar, opened, ExitReason.TARGET)
                if highs[bar] >= level:
                    return _Exit(bar, max(level, opened), ExitReason.STOP)
                return _Exit(bar, target, ExitReason.TARGET)
        return self._last_exit(leave)

    def _last_exit(self, leave: int) -> _Exit:
        bars = self._bars
        if leave < len(bars):
            return _Exit(leave, bars.open.item(leave), ExitReason.SIGNAL)
        return _Exit(len(bars) - 1, bars.close.item(-1), ExitReason.END)

    def _levels(self, position: Position) -> tuple[float, float]:
        """Stop and target; out of reach where there are none."""
        if not self._rules.stops:
            return -position.direction * math.inf, position.direction * math.inf
        distance = position.direction * stop_distance(position.price, self._signals.atr.item(position.bar - 1), self._parameters)
        return position.price - distance, position.price + distance * self._parameters.reward_risk

    def _ruin(self, position: Position) -> float:
        """The price at which buying back a short position takes all its cash."""
        return position.cash / (-position.units * (1 + self._slippage) * (1 + self._half_cost))

    def _left(self, position: Position, ends: _Exit) -> RunTrade:
        """The trade that an exit makes of a position. One that is still open is worth its last close, without cost."""
        bar, price, reason = ends
        if reason is ExitReason.END:
            return RunTrade(position, bar, price, reason, position.cash + position.units * price)
        price *= 1 - position.direction * self._slippage
        equity = position.cash + (position.units - abs(position.units) * self._half_cost) * price
        if equity <= _DUST * position.stake:
            return RunTrade(position, bar, price, ExitReason.RUIN, 0.0)
        return RunTrade(position, bar, price, reason, equity)

    def _benchmark(self, first: int) -> FloatArray:
        """Buy-and-hold, from the open of the first bar after `first` that can be filled, with the cost of the entry."""
        bars, capital = self._bars, self._rules.capital
        values = np.full(len(bars) - first, capital)
        filled = self._fillable[first + 1 :].nonzero()[0]
        if len(filled):
            bar = first + 1 + int(filled[0])
            price = bars.open.item(bar) * (1 + self._slippage)
            np.multiply(bars.close[bar:], capital / (price * (1 + self._half_cost)), out=values[bar - first :])
        return values


def fillable(volume: FloatArray) -> BoolArray:
    """Whether each bar can fill an order: one without volume cannot, unless no bar before it had any, as in the series of an index."""
    traded = volume > 0
    traded[: int(traded.argmax()) if traded.any() else None] = True
    return traded


def _waiting(buy: BoolArray, sell: BoolArray, filled: BoolArray) -> tuple[BoolArray, BoolArray]:
    """The bars that can be filled where the last verdict but Hold since the one before is a Sell, and those where it is a Buy."""
    index = np.arange(len(buy))
    last: NDArray[np.int64] = np.maximum.accumulate(np.where(buy | sell, index, -1))
    filled_before = np.concatenate([[-1], np.maximum.accumulate(np.where(filled, index, -1))[:-1]]) if len(index) else index
    waits = filled & (last > filled_before)
    return waits & sell[last], waits & buy[last]
