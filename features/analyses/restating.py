"""Superseded latest results: what they would have been by the prices of now, and their repetition by one call.

A verdict on prices that were replaced as one (a split, a dividend, another provider) is not compared with one on the new prices. So the
analysis that follows also analyses the day of the superseded result by the new prices, and is compared with that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from features.analyses.bulk import submit
from features.analyses.plan import AnalysisPlan, ResultBatch
from features.analyses.store import latest as latest_store
from features.analyses.store.latest import SupersededLatest
from features.strategies import service as strategies
from infrastructure.feature import Universes
from jobs.service import Submission
from models.analysis import Overrides
from models.bulk_analysis import BulkOrder, BulkParams, Restated
from models.errors import BellwetherError
from models.price_series import PackedBars, SeriesHead
from models.result import NewResult
from models.strategy import Strategy

_EARLIER = timedelta(microseconds=1)  # so that it stands before the result that is compared with it


class Restating:
    """Analyses the days of superseded results of one strategy by the new prices."""

    def __init__(self, strategy: Strategy, superseded: Mapping[str, SupersededLatest]) -> None:
        """`superseded` is by ticker."""
        self._strategy, self._superseded = strategy, superseded
        self._plans: dict[date, tuple[AnalysisPlan, ResultBatch, list[str]]] = {}
        self._results: dict[str, NewResult | None] = {}

    def add(self, head: SeriesHead, packed: PackedBars, read_at: datetime) -> None:
        """Analyse the day of a ticker's superseded result, if it has one, and newer bars now. What cannot be analysed is left out."""
        superseded = self._superseded.get(head.ticker)
        if superseded is None or superseded.as_of >= head.last_day:
            return
        plan, batch, tickers = self._of(superseded.as_of)
        try:
            batch.add(plan.prepare(head, packed, read_at - _EARLIER))
        except BellwetherError:
            return
        tickers.append(head.ticker)

    def compute(self) -> None:
        """Compute what was added."""
        for _, batch, tickers in self._plans.values():
            self._results |= zip(tickers, batch.results(), strict=True)

    def of(self, newest: NewResult) -> Restated | None:
        """What stands in place of the superseded result of a ticker whose newest day was analysed too; None where none is superseded."""
        superseded = self._superseded.get(newest.result.ticker)
        if superseded is None:
            return None
        is_same_day = superseded.as_of >= newest.result.as_of
        return Restated(superseded.result_id, newest if is_same_day else self._results.get(superseded.ticker))

    def _of(self, day: date) -> tuple[AnalysisPlan, ResultBatch, list[str]]:
        if day not in self._plans:
            plan = AnalysisPlan(self._strategy, Overrides(as_of=day))
            self._plans[day] = plan, ResultBatch(plan), []
        return self._plans[day]


def submit_rerun(connection: Connection, org_id: int, tickers: Collection[str] | None, universes: Universes) -> list[Submission]:
    """Queue analyses of the superseded latest results within the caller's transaction, a job for each strategy; none where there are none.

    `tickers` are those to look at; None for all.
    """
    usable = {strategy.id: strategy for strategy in strategies.usable(connection, org_id)}
    superseded = [
        one
        for one in latest_store.list_superseded(connection, org_id)
        if one.strategy in usable and (tickers is None or one.ticker in tickers)
    ]
    groups = [(usable[name], tuple(one.ticker for one in group)) for name, group in groupby(superseded, lambda one: one.strategy)]
    return [submit(connection, org_id, BulkOrder(group, BulkParams(strategy)), universes) for strategy, group in groups]
