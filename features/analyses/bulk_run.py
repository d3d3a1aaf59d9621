"""Runs a bulk analysis: it reads and analyses tickers in batches, and stores results together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from database import Database
from features.analyses.failures import new_failure, note_failures
from features.analyses.marking import mark_latest
from features.analyses.plan import AnalysisPlan, ResultBatch
from features.analyses.restating import Restating
from features.analyses.store import latest as latest_store
from features.analyses.store import result as result_store
from features.analyses.store.latest import Mark
from features.prices import service as prices
from models.bulk_analysis import Analysed, BulkParams
from models.errors import BellwetherError, TickerNotFound
from models.job import Fault, Stored
from models.price_errors import PricesDamaged
from models.price_series import PackedBars, SeriesHead
from models.result import AnalysisResult, ResultBrief
from models.screen import ScreenValues
from utils.clock import now


def analyse_many(database: Database, org_id: int, params: BulkParams, tickers: Sequence[str]) -> Iterator[tuple[str, Analysed | Fault]]:
    """Yield the outcome of each ticker: first those whose result is stored, then the analysed ones, last the failed ones.

    Failures are noted before they are yielded, in a transaction of their own: a note that is written twice does no harm.
    """
    plan, read_at = AnalysisPlan(params.strategy, params.overrides), now()
    with database.read() as connection:
        heads = prices.find_heads(connection, org_id, tickers)
        fingerprints = {ticker: plan.known_fingerprint(head) for ticker, head in heads.items()}
        stored = result_store.find_fingerprints(connection, org_id, [key for key in fingerprints.values() if key is not None])
        superseded = latest_store.find_superseded(connection, org_id, params.strategy.id, tickers) if plan.keeps_latest else {}
    for ticker in superseded:
        stored.pop(fingerprints.get(ticker) or "", None)  # it is analysed in any case, and what is stored is found again
    errors: dict[str, BellwetherError] = {ticker: TickerNotFound(ticker) for ticker in tickers if ticker not in heads}
    for ticker, fingerprint in fingerprints.items():
        if fingerprint is not None and fingerprint in stored:
            yield ticker, Analysed(fingerprint, None, plan.keeps_latest and not stored[fingerprint], read_at)
    missing = [ticker for ticker in heads if fingerprints[ticker] not in stored]
    yield from _analyse(Reading(database, org_id, missing), plan, Restating(params.strategy, superseded), errors)
    if plan.keeps_latest:
        digests = {ticker: head.sha256 for ticker, head in heads.items()}
        failures = [new_failure(error, ticker, params.strategy.id, digests.get(ticker), read_at) for ticker, error in errors.items()]
        note_failures(database, org_id, failures)
    for ticker, error in errors.items():
        yield ticker, Fault(error.code, str(error))


def store_many(connection: Connection, org_id: int, outcomes: Mapping[str, Analysed]) -> Mapping[str, Stored]:
    """Store new results of one strategy, mark the latest ones, and return by ticker what came of it: the verdict, and what it was before.

    A ticker is missing when its result was stored earlier and retention has removed it meanwhile.
    """
    restated = {ticker: analysed.restated for ticker, analysed in outcomes.items() if analysed.restated is not None}
    new = [analysed.result for analysed in outcomes.values() if analysed.result is not None]
    new += [one.result for ticker, one in restated.items() if one.result is not None and one.result is not outcomes[ticker].result]
    inserted = result_store.insert_many(connection, [(org_id, result) for result in new])
    # Where another worker stored some of the same results meanwhile, their ids are its.
    briefs = {one.result.fingerprint: _brief_of(one.result) for one in new} if inserted == len(new) else {}
    wanted = {analysed.fingerprint for analysed in outcomes.values()} | {one.result.fingerprint for one in new}
    others = [fingerprint for fingerprint in wanted if fingerprint not in briefs]
    briefs |= result_store.find_briefs(connection, org_id, others)
    if not briefs:
        return {}
    any_brief = next(iter(briefs.values()))
    strategy = any_brief.strategy
    for ticker, one in restated.items():
        brief = None if one.result is None else briefs.get(one.result.result.fingerprint)
        if one.result is None or brief is None:
            latest_store.drop(connection, org_id, ticker, strategy, one.superseded_id)
        else:
            latest_store.restate(connection, org_id, one.superseded_id, brief.id, one.result.result)
    before = latest_store.find_latest_verdicts(connection, org_id, (strategy, any_brief.strategy_version), outcomes)
    mark_latest(connection, [_mark(org_id, analysed) for analysed in outcomes.values() if analysed.becomes_latest])
    return {
        ticker: _stored(briefs[analysed.fingerprint], before.get(ticker), analysed)
        for ticker, analysed in outcomes.items()
        if analysed.fingerprint in briefs
    }


def _brief_of(result: AnalysisResult) -> ResultBrief:
    version = result.provenance.strategy_version
    return ResultBrief(result.id, result.strategy, str(result.verdict), float(result.score), float(result.close), result.as_of, version)


def _stored(brief: ResultBrief, before: tuple[str, str] | None, analysed: Analysed) -> Stored:
    """What came of a ticker, given the id and verdict of its latest result of before."""
    # With overrides or `as_of` a result is neither the latest nor becomes it: it does not compare with what was before.
    compares = before is not None and (analysed.becomes_latest or before[0] == brief.id)
    was = before[1] if before is not None and compares else None
    facts = {"score": brief.score, "close": brief.close, "as_of": brief.as_of.isoformat(), "was": was}
    if analysed.refresh is not None:
        facts["refresh"] = vars(analysed.refresh)
    return Stored(brief.id, brief.verdict, was != brief.verdict if was is not None else None, facts)


def _mark(org_id: int, analysed: Analysed) -> Mark:
    values = None if analysed.result is None else ScreenValues.of(analysed.result.result)
    return Mark(org_id, analysed.fingerprint, analysed.read_at, values)


class Reading(NamedTuple):
    """The tickers of an organization that are to be read and analysed."""

    database: Database
    org_id: int
    tickers: Sequence[str]


def _analyse(
    reading: Reading, plan: AnalysisPlan, restating: Restating, errors: dict[str, BellwetherError]
) -> Iterator[tuple[str, Analysed]]:
    """Read and analyse tickers; those that cannot be analysed go to `errors`.

    Each series is dropped before the next one is read, which then finds its memory in the CPU's cache.
    """
    tickers = reading.tickers
    if not tickers:
        return
    batch, read_at = ResultBatch(plan), now()
    fingerprints: dict[str, str] = {}

    def add(head: SeriesHead, packed: PackedBars) -> None:
        try:
            work = plan.prepare(head, packed, read_at)
            batch.add(work)
            fingerprints[head.ticker] = work.origin.fingerprint
            restating.add(head, packed, read_at)
        except BellwetherError as error:
            errors[head.ticker] = error

    with reading.database.reader() as reader:
        prices.load_each(reader, reading.org_id, tickers, add)
    restating.compute()
    for (ticker, fingerprint), result in zip(fingerprints.items(), batch.results(), strict=True):
        if result is None:
            errors[ticker] = PricesDamaged(ticker)
        else:
            yield ticker, Analysed(fingerprint, result, plan.keeps_latest, read_at, restated=restating.of(result))
    for ticker in tickers:
        if ticker not in fingerprints:
            errors.setdefault(ticker, TickerNotFound(ticker))
