"""The only place that asks what time it is."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """The time in UTC, timezone-aware, to the microsecond (what both databases keep)."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar day in UTC."""
    return now().date()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z` and microseconds: one width, so that texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_iso(text: str) -> datetime:
    """The moment that `iso` wrote."""
    return datetime.fromisoformat(text)
