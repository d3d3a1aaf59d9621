"""Rows of the earlier tool's watch list."""

from __future__ import annotations

from features.legacy.rows import Import, Notes, Refused, Row, Taken, read_moment, read_text, read_ticker
from models.watchlist import NewItem

LONGEST_NAME, LONGEST_NOTES = 100, 2_000  # as the API takes them
WHEN = ("created_at", "added_at", "date_added", "timestamp")


def read_item(row: Row, context: Import) -> Taken[NewItem]:
    """A followed ticker. Raises Refused."""
    notes = Notes()
    ticker = read_ticker(row, "ticker", "symbol", "yahoo_symbol")
    name = read_text(row, ("name", "company_name", "company"), LONGEST_NAME, notes)
    text = read_text(row, ("notes", "note", "comment"), LONGEST_NOTES, notes, lines=True)
    try:
        added = read_moment(row, WHEN, context)
        if added is None:
            notes.lost.append("when it was added is not told: the time of the import is taken")
    except Refused as problem:
        added = None
        notes.lost.append(f"{problem}: the time of the import is taken")
    if row.first("collection_id") is not None:
        notes.lost.append("it was on a named collection: it is taken on the watch list")
    return Taken(NewItem(ticker, name, text, added or context.moment), notes)
