"""Reads what an index is computed from: its members, their closes in its currency, their scores and what is known of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from analysis.bars import Bars, FloatArray
from analysis.engine import parameters_of, signal_history
from analysis.held import HeldCloses
from analysis.panel import Closes
from database import AnyReader, Database
from features.currencies import service as currencies_of
from features.indexes.scoring import Scoring, scoring_of
from features.prices import service as prices
from infrastructure.exchanges import exchange_for
from infrastructure.feature import Universes
from models.analysis import Overrides
from models.corporate_action import Split
from models.errors import TickerNotFound
from models.evidence import WARMUP
from models.exchange import WEEKDAYS, Exchange
from models.footing import Basis
from models.index import BY_SECTOR, MOST_MEMBERS, IndexRules, IndexVersion
from models.index_errors import IndexInvalid, currencies_differ, too_many_members
from models.price_series import PackedBars, SeriesHead
from models.strategy import Strategy
from models.symbol import NOTHING_KNOWN
from utils.clock import today

UNKNOWN_GROUP = "unknown"
MOST_CELLS = 6_000_000  # closes of one computation: 1,000 members over 24 years
_NAMED = 5  # tickers that a note names


@dataclass(frozen=True)
class Member:
    """A ticker with prices: its closes in the currency of the index, and what is known of it."""

    ticker: str
    name: str | None
    sector: str | None
    closes: Closes
    splits: tuple[Split, ...]
    exchange: Exchange
    distributions: str  # "adjusted" or "actions": from where the total return has them; "unapplied" or "unknown": why it has none


@dataclass(frozen=True)
class Material:
    """What an index is computed from. `present` are today's candidates, of which `missing` have no prices; `notes` are to be told."""

    members: tuple[Member, ...]
    present: frozenset[str]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    digest: str
    scoring: Scoring

    @property
    def tickers(self) -> list[str]:
        """The tickers in the order of the members."""
        return [member.ticker for member in self.members]

    def calendar(self) -> Exchange:
        """The exchange of most members, whose calendar tells when the next period ends."""
        return calendar_of_most([member.exchange for member in self.members if member.ticker in self.present])


def calendar_of_most(exchanges: Sequence[Exchange]) -> Exchange:
    """The exchange that most of some are; with as many, the first by its code. WEEKDAYS where there is none."""
    counted = Counter(exchange.mic for exchange in exchanges)
    return min(exchanges, key=lambda exchange: (-counted[exchange.mic], exchange.mic), default=WEEKDAYS)


def candidates_of(database: Database, org_id: int, rules: IndexRules, universes: Universes) -> list[str]:
    """Who may be a member today, ascending. Raises UniverseNotFound, or IndexInvalid for too many or none."""
    if rules.members.universe is None:
        found = sorted(set(rules.members.tickers))
    else:
        with database.read() as connection:
            found = sorted(set(prices.resolve_universe(connection, org_id, rules.members.universe, universes)))
    if len(found) > MOST_MEMBERS:
        raise too_many_members(len(found), MOST_MEMBERS)
    if not found:
        raise IndexInvalid("members", f"The universe '{rules.members.universe}' has no tickers.")
    return found


@dataclass
class _Loading:
    """Collects series as they are read; `strategies` are whose scores are needed, by the keys of these."""

    org_id: int
    strategies: Mapping[str, Strategy]
    today: date
    found: dict[str, tuple[SeriesHead, HeldCloses, Closes, str]] = field(default_factory=dict)
    cells: int = 0

    def receive(self, head: SeriesHead, packed: PackedBars, held: HeldCloses) -> None:
        """Take one series, without bars of days to come."""
        self.cells += len(packed)
        if self.cells > MOST_CELLS:
            raise IndexInvalid("members", f"The members have more than {MOST_CELLS:,} closes together. Name fewer.")
        bars = prices.sound_bars(head, packed)
        count = int(np.searchsorted(bars.days, np.datetime64(self.today, "D"), side="right"))
        if not count:
            return
        bars, price = bars.until(count), held.closes[:count]
        # Splits that only the organization knows of are in the price, but in no analysis of a series that is shared.
        is_apart = held.is_traded and bool(held.splits) and not head.adjusted and head.org_id != self.org_id
        total = price.copy() if is_apart else bars.close.copy()
        source = "adjusted" if head.adjusted else "actions" if _pays(price, total) else "unknown"
        scores = {key: _scores(bars, strategy) for key, strategy in self.strategies.items()}
        self.found[head.ticker] = (head, held, Closes(held.days[:count], price, total, scores), source)

    def mark_unapplied(self, reader: AnyReader) -> None:
        """Mark whose distributions are known and count in no total return, because nobody knows on what basis its own prices stand."""
        own = [
            ticker
            for ticker, (head, _, _, source) in self.found.items()
            if source == "unknown" and head.org_id == self.org_id and head.bases.price is Basis.UNKNOWN
        ]
        for ticker in prices.list_paying(reader, self.org_id, own) if own else ():
            self.found[ticker] = (*self.found[ticker][:3], "unapplied")


def _pays(price: FloatArray, total: FloatArray) -> bool:
    """Whether the total return has distributions in it that the price has not."""
    share = price / total
    return bool(np.ptp(share) > 1e-9 * share[0])


def _scores(bars: Bars, strategy: Strategy) -> FloatArray:
    """The score of each bar from the bars up to it; NaN while the history is too short to count."""
    scores = signal_history(bars, parameters_of(strategy, Overrides())).score.copy()
    scores[:WARMUP] = np.nan
    return scores


@dataclass(frozen=True)
class Wanted:
    """Which tickers are loaded: today's candidates, and others that were members; for which versions of the rules.

    Those that are `required` have prices; an index that is stored has its currency for good. Scores are for reference days `since` a day.
    """

    present: Collection[str]
    former: Collection[str]
    versions: Sequence[IndexVersion]
    today: date
    required: Collection[str] = ()
    is_stored: bool = False
    since: date | None = None

    @property
    def rules(self) -> IndexRules:
        """The newest rules."""
        return self.versions[-1].rules


def load_material(database: Database, org_id: int, wanted: Wanted) -> Material:
    """Read what an index is computed from. Raises PricesDamaged, IndexInvalid, RateNotFound, or TickerNotFound where nobody has prices."""
    rules = wanted.rules
    tickers = sorted({*wanted.present, *wanted.former})
    with database.reader() as reader:
        scoring = scoring_of(reader, org_id, wanted.versions, wanted.since)
        loading = _Loading(org_id, scoring.strategies, wanted.today)
        prices.each_held(reader, org_id, tickers, loading.receive)
        facts = prices.known_facts(reader, org_id, tickers)
        loading.mark_unapplied(reader)
    missing = tuple(ticker for ticker in tickers if ticker in wanted.present and ticker not in loading.found)
    for ticker in missing:
        if ticker in wanted.required:
            raise TickerNotFound(ticker)
    if not loading.found:
        raise TickerNotFound(tickers[0])
    notes: list[str] = []
    converted = _converted(database, org_id, loading, wanted, notes)
    if not converted:
        raise IndexInvalid("currency", f"No exchange rate tells what the members are worth in {rules.currency} on any day.")
    members = tuple(
        Member(
            ticker,
            held.name,
            facts.get(ticker, NOTHING_KNOWN).sector,
            converted[ticker],
            held.splits,
            exchange_for(ticker, head.exchange) or WEEKDAYS,
            source,
        )
        for ticker, (head, held, _, source) in sorted(loading.found.items())
    )
    notes += _told(members, rules, missing)
    digest = hashlib.sha256("".join(head.sha256 for head, _, _, _ in loading.found.values()).encode()).hexdigest()
    return Material(members, frozenset(wanted.present), missing, tuple(notes), digest, scoring)


def closes_of(database: Database, org_id: int, tickers: Collection[str], currency: str | None) -> dict[str, Closes]:
    """The closes of tickers in a currency, or without one as they are; those that have none there are missing.

    Raises PricesDamaged, or IndexInvalid for too many.
    """
    loading = _Loading(org_id, {}, today())
    with database.reader() as reader:
        prices.each_held(reader, org_id, tickers, loading.receive)
        own = {ticker: held.currency for ticker, (_, held, _, _) in loading.found.items()}
        others = sorted({name for name in own.values() if name not in (None, currency)}) if currency is not None else []
        rates = currencies_of.rates_known(reader, org_id, others, currency) if currency is not None and others else {}
    found: dict[str, Closes] = {}
    for ticker, (_, _, closes, _) in loading.found.items():
        name, converted = own[ticker], None
        if currency is None or name in (None, currency):
            converted = closes
        elif name in rates:
            converted = _times(closes, rates[name].on(closes.days))
        if converted is not None:
            found[ticker] = converted
    return found


def _converted(database: Database, org_id: int, loading: _Loading, wanted: Wanted, notes: list[str]) -> dict[str, Closes]:
    """The closes in the currency of the index. Without one they are as they are, which only one currency allows."""
    rules = wanted.rules
    currencies = {ticker: held.currency for ticker, (_, held, _, _) in loading.found.items()}
    known = sorted({currency for currency in currencies.values() if currency is not None})
    if rules.currency is None:
        if len(known) > 1:
            raise currencies_differ(known, is_stored=wanted.is_stored)
        return {ticker: closes for ticker, (_, _, closes, _) in loading.found.items()}
    unknown = [ticker for ticker, currency in currencies.items() if currency is None]
    if unknown:
        notes.append(f"The currency of {listed(unknown)} is not known, and taken to be {rules.currency}.")
    others = [currency for currency in known if currency != rules.currency]
    with database.reader() as reader:
        rates = currencies_of.rates_into(reader, org_id, others, rules.currency) if others else {}
    for currency, line in rates.items():
        for ticker in [ticker for ticker, own in currencies.items() if own == currency]:
            converted = _times(loading.found[ticker][2], line.on(loading.found[ticker][2].days))
            if converted is None:
                del loading.found[ticker]
                notes.append(f"There is no rate of {currency} on any day of {ticker}.")
            else:
                loading.found[ticker] = (*loading.found[ticker][:2], converted, loading.found[ticker][3])
    return {ticker: closes for ticker, (_, _, closes, _) in loading.found.items()}


def _times(closes: Closes, rates: FloatArray) -> Closes | None:
    """Closes in another currency; a day without a rate counts as one without a close. None where there is no rate on any day."""
    known = ~np.isnan(rates)
    if not known.any():
        return None
    scores = {strategy: scores[known] for strategy, scores in closes.scores.items()}
    rates = rates[known]
    return Closes(closes.days[known], closes.price[known] * rates, closes.total[known] * rates, scores)


def _told(members: Sequence[Member], rules: IndexRules, missing: Sequence[str]) -> list[str]:
    """What is to be told of an index in words."""
    notes = []
    if rules.members.universe is not None or rules.members.screen is not None:
        notes.append(
            "Days before the index was made are computed with the members of that day: companies that have vanished and whose prices are "
            "not stored are missing, which makes the past look better than it was."
        )
    if missing:
        notes.append(f"There are no prices for {listed(missing)}.")
    sources = ("actions", "unapplied", "unknown")
    by_source = {source: [member.ticker for member in members if member.distributions == source] for source in sources}
    if by_source["actions"]:
        notes.append(
            f"The total return of {listed(by_source['actions'])} is from the dividends that are told of, not from adjusted closes."
        )
    if by_source["unapplied"]:
        first = by_source["unapplied"][0]
        notes.append(
            f"The distributions of {listed(by_source['unapplied'])} are known and not applied, because nobody said whether these prices "
            f"are as traded: the total return is that of the price. Say so with `PUT /api/v1/prices/{first}/bases`."
        )
    if by_source["unknown"]:
        notes.append(f"Of {listed(by_source['unknown'])} no distributions are known: the total return is that of the price.")
    if rules.group_cap is not None:
        unknown = [member.ticker for member in members if group_of(member, rules) == UNKNOWN_GROUP]
        if unknown:
            notes.append(f"The group of {listed(unknown)} is not known; they are one group.")
    return notes


def group_of(member: Member, rules: IndexRules) -> str:
    """The group of a member: its sector, or the one that the rules name."""
    known = member.sector if rules.groups == BY_SECTOR else dict(rules.groups).get(member.ticker)  # type: ignore[arg-type]
    return known or UNKNOWN_GROUP


def listed(tickers: Sequence[str]) -> str:
    """The first of some tickers, and how many more there are, for a sentence."""
    shown = ", ".join(tickers[:_NAMED])
    return f"{shown} and {len(tickers) - _NAMED:,} more" if len(tickers) > _NAMED else shown
