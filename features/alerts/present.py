"""What a rule would see now: the value of each of its tickers, and whether its condition is met already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from features.alerts.evaluation import Evaluator
from features.alerts.firing import link_of
from features.alerts.of_results import plan_of
from features.alerts.sentences import percent, points, price
from features.alerts.watching import ABOVE, watch_of, zone_of_verdict
from features.analyses import service as analyses
from features.prices import service as prices
from infrastructure.exchanges import Expectations
from models.alert import AlertKind, AlertRule

MOST_SHOWN = 50


@dataclass(frozen=True)
class Present:
    """A ticker as a rule sees it now. `holds` is None where that cannot be said of a single moment.

    `ticker` is the id of a portfolio or an index where a rule watches these; `name` and `link` are then theirs.
    """

    ticker: str
    strategy: str | None
    day: date | None
    value: float | None
    says: str
    holds: bool | None
    name: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Preview:
    """What a rule does, how many tickers it watches, how many of them meet its condition now, and the first, those before others."""

    sentence: str
    tickers: int
    holding: int
    without_data: int
    items: list[Present]
    watches: str = "ticker"


def preview(evaluator: Evaluator, rule: AlertRule, sentence: str) -> Preview:
    """What a rule would see now. Nothing is stored."""
    tickers = sorted(evaluator.tickers_of(rule))
    found = preview_of(sentence, list(_present(evaluator, rule, tickers)))
    items = [replace(one, name=one.ticker, link=link_of(one.ticker, one.strategy)) for one in found.items]
    return replace(found, tickers=len(tickers), items=items)


def preview_of(sentence: str, seen: Sequence[Present]) -> Preview:
    """A preview of what is seen."""
    known = {(one.link, one.ticker) for one in seen}
    missing = known - {(one.link, one.ticker) for one in seen if one.value is not None}
    items = sorted(seen, key=lambda one: (one.holds is not True, one.value is None, one.name or one.ticker, one.strategy or ""))
    return Preview(sentence, len(known), sum(one.holds is True for one in seen), len(missing), items[:MOST_SHOWN])


def _present(evaluator: Evaluator, rule: AlertRule, tickers: Collection[str]) -> Iterator[Present]:
    match rule.draft.on:
        case AlertKind.VERDICT_CHANGED | AlertKind.PLAN_TOUCHED | AlertKind.RECORD_BELOW:
            yield from _results(evaluator, rule, tickers)
        case AlertKind.PRICE_CROSSED:
            yield from _closes(evaluator, rule, tickers)
        case AlertKind.PRICES_STALE:
            yield from _ages(evaluator, rule, tickers)


def _results(evaluator: Evaluator, rule: AlertRule, tickers: Collection[str]) -> Iterator[Present]:
    found = analyses.latest_facts(evaluator.connection, rule.org_id, rule.draft.strategies, tickers)
    facts = {(one.ticker, one.strategy): one for one in found}
    for ticker in tickers:
        for strategy in rule.draft.strategies:
            one = facts.get((ticker, strategy))
            if one is None:
                yield Present(ticker, strategy, None, None, "no result yet", None)
            else:
                yield Present(ticker, strategy, one.as_of, *_say(rule, one))


def _say(rule: AlertRule, one: analyses.LatestFacts) -> tuple[float | None, str, bool | None]:
    old = " (its prices were replaced since: analyse it again)" if one.superseded else ""
    if rule.draft.on is AlertKind.VERDICT_CHANGED:
        return one.score, f"{one.verdict}, score {one.score:+.2f}{old}", zone_of_verdict(one.verdict) in watch_of(rule.draft).targets
    if rule.draft.on is AlertKind.PLAN_TOUCHED:
        plan = plan_of(one)
        if plan is None:
            return None, f"{one.verdict}, without a plan{old}", None
        levels = ", ".join(f"{level} {price(plan[level])}" for level in rule.draft.conditions["levels"])
        return one.close, f"{one.verdict}: {levels}{old}", None
    by_hit = rule.draft.conditions.get("hit") is not None
    value = one.record_hit if by_hit else one.record_lift
    if value is None:
        return None, f"{one.verdict}, without a record{old}", None
    told = f"{percent(value)} right" if by_hit else f"{points(value)} over any day"
    return value, f"{one.verdict}: {told}{old}", watch_of(rule.draft).zone_of(value) < ABOVE


def _closes(evaluator: Evaluator, rule: AlertRule, tickers: Collection[str]) -> Iterator[Present]:
    closes, watch = prices.newest_closes(evaluator.connection, rule.org_id, tickers), watch_of(rule.draft)
    for ticker in tickers:
        if ticker not in closes:
            yield Present(ticker, None, None, None, "no prices", None)
            continue
        day, close = closes[ticker]
        side = "above" if watch.zone_of(close) == ABOVE else "below"
        holds = None if len(watch.targets) > 1 else watch.zone_of(close) in watch.targets
        yield Present(ticker, None, day, close, f"close {price(close)}, {side} {price(watch.bounds[0])}", holds)


def _ages(evaluator: Evaluator, rule: AlertRule, tickers: Collection[str]) -> Iterator[Present]:
    heads, expectations = prices.find_heads(evaluator.connection, rule.org_id, tickers), Expectations(evaluator.moment)
    for ticker in tickers:
        head = heads.get(ticker)
        if head is None:
            yield Present(ticker, None, None, None, "no prices", None)
            continue
        behind = expectations.of(ticker, head.exchange).freshness_of(head.last_day).trading_days_behind or 0
        holds = behind >= rule.draft.conditions["trading_days"]
        yield Present(ticker, None, head.last_day, float(behind), f"{behind} trading days behind", holds)
