"""Compares stored closes with those of another provider: each night 1 % of the fetched tickers, those that were compared longest ago."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection

from analysis.bars import CLOSE, DAYS
from database import Database
from features.prices.refresh import MustWait, Refresher
from features.prices.store import price_check as check_store
from features.prices.store import series as series_store
from features.prices.top_up import in_common
from jobs.service import enqueue
from models.api_key import FIRST_ORG, SHARED_ORG
from models.job import Fault, Lane, Later, NewJob, Stored
from models.price_check import PRICE_CHECK, PriceCheck
from models.price_series import PackedBars, day_of
from utils.clock import now
from utils.ids import new_id

PERIOD = timedelta(days=30)
SHARE = 100  # one of so many tickers in a night
DIFFERS = 0.005  # of a close
UNTOLD = ("ticker", "checked_at")  # the item of the job has its own


def queue_check(database: Database) -> None:
    """Queue the comparison of this night's share of tickers, at least one; nothing where none has been fetched."""
    with database.transaction() as connection:
        tickers = check_store.next_tickers(connection, -(-check_store.count_fetched(connection) // SHARE))
        if tickers:
            enqueue(connection, FIRST_ORG, NewJob(PRICE_CHECK, Lane.NETWORK, "{}", tickers, PRICE_CHECK))


def check_each(database: Database, refresher: Refresher, tickers: Sequence[str]) -> Iterator[tuple[str, PriceCheck | Fault | Later]]:
    """Yield what the comparison of each ticker found; `Later` where the calls to the other provider are used up."""
    for ticker in tickers:
        with database.reader() as connection:
            loaded = series_store.load(connection, SHARED_ORG, ticker)
        if loaded is None:
            yield ticker, Fault("ticker_not_found", f"The prices of {ticker} are stored no longer.")
            continue
        head, packed = loaded
        since = head.last_day - PERIOD
        try:
            found = refresher.fetch_elsewhere(ticker, head.provider, since)
        except MustWait as error:
            yield ticker, error.later
            continue
        if found is None:
            yield ticker, Fault("prices_unavailable", f"No other provider than {head.provider} has prices of {ticker} at the moment.")
        else:
            other, fetched = found
            yield (
                ticker,
                compare(PriceCheck(ticker, head.provider, other, now(), 0, 0, 0), packed.between(since), fetched.packed),
            )


def compare(check: PriceCheck, ours: PackedBars, theirs: PackedBars) -> PriceCheck:
    """The closes of both over the days up to the last that both have."""
    if not len(ours) or not len(theirs):
        only = ours if len(ours) else theirs
        return replace(check, missing=len(only), since_day=only.first_day() if len(only) else None)
    end = min(ours.day_numbers()[-1], theirs.day_numbers()[-1])
    mine, others, at_mine, at_others = in_common(ours.between(end=day_of(end)), theirs.between(ours.first_day(), day_of(end)))
    my_days, other_days = mine[DAYS].view(np.int64), others[DAYS].view(np.int64)
    common, single = my_days[at_mine], np.setxor1d(my_days, other_days)
    off = others[CLOSE, at_others] / mine[CLOSE, at_mine] - 1
    differs = np.abs(off) > DIFFERS
    told = np.concatenate((single, common[differs]))
    found = replace(
        check,
        days=len(common),
        differing=int(np.count_nonzero(differs)),
        missing=len(single),
        since_day=day_of(int(told.min())) if len(told) else None,
    )
    if not found.differing:
        return found
    worst = int(np.abs(off).argmax())
    return replace(
        found,
        worst_day=day_of(int(common[worst])),
        worst_percent=round(100 * float(off[worst]), 3),
        worst_close=float(mine[CLOSE, at_mine][worst]),
        worst_other=float(others[CLOSE, at_others][worst]),
    )


def store_checks(connection: Connection, checks: Mapping[str, PriceCheck]) -> dict[str, Stored]:
    """Store comparisons; return by ticker what is told of each."""
    stored = {}
    for ticker, check in sorted(checks.items()):
        check_store.save(connection, check)
        is_same = not (check.differing or check.missing)
        facts = {name: value.isoformat() if isinstance(value, date) else value for name, value in vars(check).items() if name not in UNTOLD}
        stored[ticker] = Stored(new_id(), "Same" if is_same else "Different", not is_same, facts)
    return stored
