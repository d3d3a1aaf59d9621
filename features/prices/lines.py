"""The daily values of a ticker, for whatever measures them."""

from __future__ import annotations

from database import AnyReader
from features.prices.quality import sound_bars
from features.prices.store import series as series_store
from features.prices.store.symbol import find as known_facts
from infrastructure.value_lines import LineKind, ValueLine
from models.symbol import NOTHING_KNOWN


def ticker_line(connection: AnyReader, org_id: int, ticker: str) -> ValueLine | None:
    """The closes of a ticker, adjusted as for an analysis; None without prices. Raises PricesDamaged."""
    loaded = series_store.load(connection, org_id, ticker)
    if loaded is None:
        return None
    head, packed = loaded
    bars = sound_bars(head, packed)
    facts = known_facts(connection, org_id, [ticker]).get(ticker, NOTHING_KNOWN)
    name = head.name or facts.name
    return ValueLine(ticker, LineKind.TICKER, name, facts.currency, bars.days, bars.close, head.adjusted, head.sha256)
