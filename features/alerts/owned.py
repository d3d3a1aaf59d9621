"""What a rule on what one owns would see now: weights of holdings and drawdowns by today's prices, and the next reference days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from database import AnyReader
from features.alerts.firing import index_link, link_of, portfolio_link
from features.alerts.present import Present, Preview, preview_of
from features.alerts.sentences import count, number
from features.alerts.watching import ABOVE, watch_of
from features.indexes import service as indexes
from features.portfolios import service as portfolios
from features.portfolios.valuing import Valued, Valuer
from infrastructure.feature import Universes
from models.alert import OF_OWNED, OF_TICKERS, AlertKind, AlertRule, RuleDraft, StateKey
from models.day_text import day_text
from models.errors import BellwetherError
from models.event import Event, EventType
from models.exchange import Exchange
from models.index import MOST_INDEXES, Index
from models.portfolio import MOST_PORTFOLIOS, Portfolio
from models.portfolio_value import MOST_TOLD
from utils.clock import now

MOST_VALUED = 50  # portfolios of one look
_DECIMALS = 2  # of a percentage, as rules see it
_WATCHED = {AlertKind.WEIGHT_ABOVE: "holding", AlertKind.DRAWDOWN_BEYOND: "portfolio", AlertKind.REBALANCING_DUE: "index"}


def preview_indexes(connection: Connection, universes: Universes, rule: AlertRule, sentence: str) -> Preview:
    """What a rule on indexes would see now, as their publication would tell it."""
    wanted = rule.draft.conditions.get("indexes")
    every = indexes.list_indexes(connection, rule.org_id, "", MOST_INDEXES)
    watched = (index for index in every if wanted is None or index.id in wanted)
    return _preview(rule, sentence, [_due(index, indexes.calendar_of(connection, rule.org_id, index, universes)) for index in watched])


def preview_portfolios(reader: AnyReader, valuer: Valuer, rule: AlertRule, sentence: str) -> Preview:
    """What a rule on portfolios would see now, as the nightly valuation would tell it. Nothing is stored."""
    return _preview(rule, sentence, list(_portfolios(reader, valuer, rule)))


def _preview(rule: AlertRule, sentence: str, seen: list[Present]) -> Preview:
    return replace(preview_of(sentence, seen), watches=_WATCHED[rule.draft.on])


def _due(index: Index, calendar: Exchange) -> Present:
    days, notice = calendar.trading_days(index.last_day, index.next_reference_day), index.rules.notice_days
    told = f"rebalancing due by the closes of {day_text(index.next_reference_day)}, in {count(days, 'trading day')}"
    says = f"{told}; it is told {count(notice, 'trading day')} before" if days > notice else told
    return Present(index.id, None, index.last_day, float(days), says, days <= notice, name=index.name, link=index_link(index.id))


def _portfolios(reader: AnyReader, valuer: Valuer, rule: AlertRule) -> Iterator[Present]:
    for portfolio, valued in _valued(reader, valuer, rule.org_id, rule.draft):
        if isinstance(valued, str):
            yield _of(portfolio, None, None, valued)
        else:
            yield from _weights(portfolio, valued, rule) if rule.draft.on is AlertKind.WEIGHT_ABOVE else _drawdown(portfolio, valued, rule)


def _valued(reader: AnyReader, valuer: Valuer, org_id: int, draft: RuleDraft) -> Iterator[tuple[Portfolio, Valued | str]]:
    """The portfolios that a rule watches, each with its value, or with why there is none."""
    wanted = draft.conditions.get("portfolios")
    every = portfolios.list_portfolios(reader, org_id, "", MOST_PORTFOLIOS)
    for place, portfolio in enumerate(each for each in every if wanted is None or each.id in wanted):
        if place >= MOST_VALUED:
            yield portfolio, f"not valued here: a look values the first {MOST_VALUED} portfolios"
            continue
        try:
            yield portfolio, valuer.newest(reader, portfolios.Ledger(org_id, portfolio.id))
        except BellwetherError as error:
            yield portfolio, str(error)


def tell_portfolios(reader: AnyReader, valuer: Valuer, org_id: int, draft: RuleDraft) -> list[Event]:
    """The portfolios that a rule watches as they stand now, as the valuation would tell them; those without a value are left out."""
    every = list(_valued(reader, valuer, org_id, draft))
    return [_event(org_id, portfolio, valued) for portfolio, valued in every if not isinstance(valued, str)]


def _event(org_id: int, portfolio: Portfolio, valued: Valued) -> Event:
    heaviest = sorted(valued.weights().items(), key=lambda item: (-item[1], item[0]))[:MOST_TOLD]
    told = {
        "name": portfolio.name,
        "day": valued.last_day.isoformat(),
        "drawdown": valued.last_drawdown,
        "holdings": [{"ticker": ticker, "weight": weight} for ticker, weight in heaviest],
    }
    return Event("", org_id, EventType.PORTFOLIO_DRAWDOWN, portfolio.id, "", told, now(), None, None)


def _weights(portfolio: Portfolio, valued: Valued, rule: AlertRule) -> Iterator[Present]:
    watch = watch_of(rule.draft)
    for ticker, share in valued.weights().items():
        weight = round(100 * share, _DECIMALS)
        says = f"{number(weight)} % of the portfolio {portfolio.name}; told from {number(watch.bounds[0])} % on"
        seen = _of(portfolio, valued.last_day, weight, says)
        yield replace(seen, ticker=ticker, name=ticker, holds=watch.zone_of(weight) == ABOVE)


def _drawdown(portfolio: Portfolio, valued: Valued, rule: AlertRule) -> Iterator[Present]:
    watch, depth = watch_of(rule.draft), round(100 * abs(valued.last_drawdown), _DECIMALS)
    says = f"{number(depth)} % below its highest value; told from {number(watch.bounds[0])} % on"
    yield replace(_of(portfolio, valued.last_day, depth, says), holds=watch.zone_of(depth) == ABOVE)


def _of(portfolio: Portfolio, day: date | None, value: float | None, says: str) -> Present:
    return Present(portfolio.id, None, day, value, says, None, name=portfolio.name, link=portfolio_link(portfolio.id))


@dataclass(frozen=True)
class Subject:
    """What a rule stands with, as people call it, and the page that shows it; None of what has none."""

    name: str
    link: str | None


def subjects_of(reader: AnyReader, rule: AlertRule, keys: Sequence[StateKey]) -> list[Subject]:
    """What a rule stands with, in the order of the keys; what is gone is called by its id."""
    if rule.draft.on in OF_TICKERS:
        return [Subject(key.subject, link_of(key.subject, key.strategy or None)) for key in keys]
    if rule.draft.on not in OF_OWNED:
        return [Subject(key.subject, None) for key in keys]
    is_index = rule.draft.on is AlertKind.REBALANCING_DUE
    parts = [key.subject.partition(":") for key in keys]
    find, page = (indexes.names_of, index_link) if is_index else (portfolios.names_of, portfolio_link)
    names = find(reader, rule.org_id, {owned for owned, _, _ in parts})
    return [
        Subject(names.get(owned, owned) + (f": {ticker}" if ticker else ""), page(owned) if owned in names else None)
        for owned, _, ticker in parts
    ]
