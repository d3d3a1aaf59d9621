"""What the psycopg2 driver needs to be told, once per process."""

from datetime import datetime
from typing import Any

import psycopg2.extensions


def register_types() -> None:
    """Refuse naive datetimes: psycopg2 would send them as they are, and the session's zone would be guessed for them."""
    psycopg2.extensions.register_adapter(datetime, _adapt_timestamp)


def _adapt_timestamp(value: datetime) -> Any:
    if value.tzinfo is None:
        raise ValueError("a naive datetime was given to the database: use utils.clock.now()")
    return psycopg2.extensions.AsIs(f"'{value.isoformat()}'::timestamptz")
