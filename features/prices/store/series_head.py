"""How the statements on price series read the head of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from infrastructure.sql.exchange import told_exchange
from models.api_key import SHARED_ORG
from models.footing import UNKNOWN, Bases, Basis, steps_of_text
from models.price_series import SeriesHead

HEAD = (
    "s.org_id, s.ticker, s.name, s.provider, s.adjusted, s.bars, s.first_day, s.last_day, s.sha256,"
    f" b.price_basis, b.volume_basis, b.steps, {told_exchange('s.ticker')}"
)
SERIES = (
    "price_series AS s LEFT JOIN series_basis AS b ON b.org_id = s.org_id AND b.ticker = s.ticker"
    f" LEFT JOIN series_fetches AS f ON f.org_id = {SHARED_ORG} AND f.ticker = s.ticker"
)


def head_from_json(raw: bytes) -> SeriesHead:
    """From a JSON array of the columns of HEAD."""
    row = json.loads(raw)
    row[6:8] = map(date.fromisoformat, row[6:8])
    return head_from_row(row)


def head_from_row(row: Sequence[Any]) -> SeriesHead:
    """From the columns of HEAD; bases and steps are null where none are stored."""
    return SeriesHead(
        org_id=row[0],
        ticker=row[1],
        name=row[2],
        provider=row[3],
        adjusted=bool(row[4]),
        bars=row[5],
        first_day=row[6],
        last_day=row[7],
        sha256=row[8],
        bases=UNKNOWN if row[9] is None else Bases(Basis(row[9]), Basis(row[10])),
        steps=() if row[11] is None else steps_of_text(row[11]),
        exchange=row[12],
    )
