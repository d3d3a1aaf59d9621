"""SQL of the newest bars of a fetched series, kept beside its row: that is large, and would be written anew for one bar a day."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.price_series import PackedBars, SeriesHead

MOST_NEWEST = 32  # bars: six weeks. Few, because every read of the series joins them

# For queries of price_series AS s: `t.kept` and `t.data` are null where the row has all bars.
JOIN_TAIL = "LEFT JOIN series_tails AS t ON t.org_id = s.org_id AND t.ticker = s.ticker"


def with_tail(kept: int | bytes | None, data: bytes, tail: bytes | None) -> PackedBars:
    """All bars of a series: the first `kept` of its row's data and its tail."""
    packed = PackedBars(bytes(data))
    return packed if kept is None or tail is None else packed.rows(0, int(kept)).followed_by(PackedBars(bytes(tail)))


FIND_KEPT = text("SELECT kept FROM series_tails WHERE org_id = :org_id AND ticker = :ticker")


def find_kept(connection: Connection, head: SeriesHead) -> int | None:
    """How many bars of a series' row are used; None where all are."""
    return connection.execute(FIND_KEPT, {"org_id": head.org_id, "ticker": head.ticker}).scalar_one_or_none()


SAVE_TAIL = text(
    """
    INSERT INTO series_tails (org_id, ticker, kept, data)
    VALUES (:org_id, :ticker, :kept, :data)
    ON CONFLICT (org_id, ticker) DO UPDATE SET kept = excluded.kept, data = excluded.data
    """
)


def save_tail(connection: Connection, head: SeriesHead, kept: int, newest: PackedBars) -> None:
    """Store the bars that follow the first `kept` of the series' row."""
    connection.execute(SAVE_TAIL, {"org_id": head.org_id, "ticker": head.ticker, "kept": kept, "data": newest.data})


DROP_TAIL = text("DELETE FROM series_tails WHERE org_id = :org_id AND ticker = :ticker")


def drop_tail(connection: Connection, head: SeriesHead) -> None:
    """Forget the newest bars: the series' row has all."""
    connection.execute(DROP_TAIL, {"org_id": head.org_id, "ticker": head.ticker})
