"""Plans an analysis, computes its fingerprint from a stored series, and computes its result. No I/O."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from analysis.bars import Bars, adjusted_bars
from analysis.engine import ENGINE_VERSION, Batch, Fingerprints, parameters_of, version_of
from analysis.quality import MINIMUM_BARS, is_sound
from features.prices.service import check_whole, provider_warnings
from infrastructure.exchanges import Expectations
from models.analysis import Analysis, Overrides, Parameters, Provenance
from models.errors import AnalysedPeriod, InsufficientHistory
from models.footing import steps_until
from models.freshness import StaleBy
from models.price_errors import PricesDamaged
from models.price_series import PackedBars, SeriesHead, digest_of, number_of
from models.result import AnalysisResult, NewResult
from models.strategy import Strategy
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant

MONTH_BARS = 20


class Origin(NamedTuple):
    """Where a result comes from: the series, the digest of its analysed bars, and the fingerprint of the result.

    `read_at` is a time before the series was read. It orders results by the age of their prices, however long each analysis takes.
    """

    head: SeriesHead
    sha256: str
    fingerprint: str
    read_at: datetime


class NewestPrices(NamedTuple):
    """What a result says of the newest bar beside its close: the changes of the adjusted close in percent, and the volume."""

    change_percent: float | None
    month_percent: float | None
    volume: float

    @classmethod
    def of(cls, bars: Bars) -> NewestPrices:
        """From the bars of an analysis."""
        return cls(_change(bars, 1), _change(bars, MONTH_BARS), bars.volume.item(-1))


def _change(bars: Bars, back: int) -> float | None:
    before = bars.close.item(-1 - back)  # an analysis has MINIMUM_BARS or more
    return 100 * (bars.close.item(-1) / before - 1) if before else None


class Work(NamedTuple):
    """The input of one analysis."""

    origin: Origin
    packed: PackedBars


class AnalysisPlan:
    """The parameters of an analysis, applied to any number of tickers."""

    def __init__(self, strategy: Strategy, overrides: Overrides) -> None:
        self.strategy = strategy
        self.parameters, self.parameters_text, self._fingerprints = _prepared(strategy, _changes(overrides))
        self.keeps_latest = not overrides.any  # the list of latest results has unmodified strategies only, as of today
        self._as_of = overrides.as_of
        self._expectations = Expectations(now(), overrides.as_of)

    def known_fingerprint(self, head: SeriesHead) -> str | None:
        """The fingerprint of an analysis of the whole series, from its stored digest; None when `as_of` selects a part of the series."""
        if self._as_of is not None and self._as_of < head.last_day:
            return None
        return self._fingerprint(head, head.sha256, head.last_day)

    def prepare(self, head: SeriesHead, packed: PackedBars, read_at: datetime) -> Work:
        """The input of the analysis of a series that was loaded after `read_at`.

        Raises PricesDamaged when the number of bars is not the stored one, InsufficientHistory for too few bars up to `as_of`.
        """
        check_whole(head, packed)
        sha256, fingerprint = head.sha256, self.known_fingerprint(head)
        whole = packed
        if fingerprint is None:
            packed = packed.between(end=self._as_of)
        if len(packed) < MINIMUM_BARS:
            raise InsufficientHistory(head.ticker, len(packed), MINIMUM_BARS, self._period(whole))
        if fingerprint is None:
            sha256 = digest_of(packed, head.steps)
            fingerprint = self._fingerprint(head, sha256, packed.last_day())
        return Work(Origin(head, sha256, fingerprint, read_at), packed)

    def _period(self, whole: PackedBars) -> AnalysedPeriod | None:
        """The period of an analysis as of a day before the last; None for one of all bars."""
        if self._as_of is None or not len(whole) or self._as_of >= whole.last_day():
            return None
        return AnalysedPeriod(self._as_of, whole.rows(0, MINIMUM_BARS).last_day() if len(whole) >= MINIMUM_BARS else None)

    def _fingerprint(self, head: SeriesHead, sha256: str, last_day: date) -> str:
        return self._fingerprints.of(head.ticker, sha256, self.stale_by(head, last_day))

    def stale_by(self, head: SeriesHead, last_day: date) -> StaleBy | None:
        """What the prices up to a day are stale by; None while they are not."""
        return self._expectations.of(head.ticker, head.exchange).stale_by(last_day)


def _changes(overrides: Overrides) -> bytes:
    """The overrides that change parameters, as a key: unlike numbers, JSON tells 0.0 from -0.0, whose fingerprints differ."""
    return dump((overrides.weights, overrides.reward_risk, overrides.indicators))


@lru_cache(maxsize=256)
def _prepared(strategy: Strategy, changes: bytes) -> tuple[Parameters, str, Fingerprints]:
    """The parameters of an analysis, as values and as JSON, and the fingerprints of its results.

    Kept, because most requests repeat one of a few choices, and preparing one takes as long as reading a series' head.
    """
    weights, reward_risk, indicators = parse_tolerant(changes)
    overrides = Overrides(weights, reward_risk, None if indicators is None else tuple(indicators))
    parameters = parameters_of(strategy, overrides)
    return parameters, dump(parameters).decode(), Fingerprints(parameters)


def compute_result(work: Work, plan: AnalysisPlan) -> NewResult:
    """Run the engine. Raises PricesDamaged for bars that are not plausible."""
    batch = ResultBatch(plan)
    batch.add(work)
    (result,) = batch.results()
    if result is None:
        raise PricesDamaged(work.origin.head.ticker)
    return result


def _adjustment(head: SeriesHead, as_of: date) -> str:
    """What the bars were adjusted by: the source's adjusted closes, corporate actions, both or nothing."""
    by = ["adj_close"] if head.adjusted else []
    if head.steps and steps_until(head.steps, number_of(as_of)):
        by.append("actions")
    return "+".join(by) or "none"


class ResultBatch:
    """Analyses by one plan that are computed together. Their bars are not kept until then."""

    def __init__(self, plan: AnalysisPlan) -> None:
        self._plan = plan
        self._batch = Batch(plan.parameters)
        self._origins: list[tuple[Origin, NewestPrices]] = []

    def add(self, work: Work) -> None:
        """Add an analysis. Raises PricesDamaged for bars that are not plausible."""
        origin, packed = work
        if not is_sound(packed, origin.head.adjusted):
            raise PricesDamaged(origin.head.ticker)
        bars = adjusted_bars(packed, origin.head.adjusted, origin.head.steps)
        self._batch.add(bars, self._plan.stale_by(origin.head, packed.last_day()))
        self._origins.append((origin, NewestPrices.of(bars)))

    def results(self) -> Iterator[NewResult | None]:
        """The results in the order in which the analyses were added; None where the bars lead to no finite score."""
        return map(self._result, self._origins, self._batch.analyses())

    def _result(self, added: tuple[Origin, NewestPrices], analysis: Analysis) -> NewResult | None:
        origin, newest = added
        if not (math.isfinite(analysis.score) and math.isfinite(analysis.close)):
            return None
        head = origin.head
        result = AnalysisResult(
            id=new_id(),
            ticker=head.ticker,
            as_of=analysis.as_of,
            bars=analysis.bars,
            strategy=self._plan.parameters.strategy,
            close=analysis.close,
            change_percent=newest.change_percent,
            month_percent=newest.month_percent,
            volume=newest.volume,
            score=analysis.score,
            verdict=analysis.verdict,
            signal=analysis.signal,
            record=analysis.record,
            indicators=analysis.indicators,
            levels=analysis.levels,
            trade=analysis.trade,
            warnings=analysis.warnings + provider_warnings(head.provider),
            provenance=Provenance(
                provider=head.provider,
                first=head.first_day,
                last=analysis.as_of,
                bars_sha256=origin.sha256,
                adjustment=_adjustment(head, analysis.as_of),
                engine_version=ENGINE_VERSION,
                strategy_version=version_of(self._plan.parameters),
            ),
            fingerprint=origin.fingerprint,
            created_at=origin.read_at,
        )
        return NewResult(result, self._plan.parameters_text, dump(result).decode())
