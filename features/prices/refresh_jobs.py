"""The job that refreshes prices: its parameters, as they are stored. It loads no client of a provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from models.errors import JobUnreadable
from models.job import Lane, NewJob
from models.series_fetch import PRICE_REFRESH
from utils.json_text import dump, parse_tolerant


@dataclass(frozen=True)
class RefreshParams:
    """`universe` is where the tickers were taken from, `expected_at` when the provider's limits should have let all through."""

    universe: str | None
    force: bool
    expected_at: datetime | None  # None for a job that is read


def new_refresh(tickers: Sequence[str], params: RefreshParams, dedupe_key: str) -> NewJob:
    """A job that refreshes the prices of tickers; while it is active, no other one with its key is queued."""
    return NewJob(PRICE_REFRESH, Lane.NETWORK, dump(asdict(params)).decode(), tickers, dedupe_key)


def read_params(text: str) -> RefreshParams:
    """Parse the parameters that the items of a job need. Raises JobUnreadable for those that this version does not know."""
    try:
        values: dict[str, Any] = parse_tolerant(text)
        return RefreshParams(values.get("universe"), bool(values["force"]), None)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error
