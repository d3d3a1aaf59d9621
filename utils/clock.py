"""The only module that reads the clock."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """The time in UTC, timezone-aware, in microseconds, the resolution of both databases."""
    return datetime.now(UTC)


def today() -> date:
    """The day in UTC."""
    return now().date()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z` and microseconds: a fixed width, so that texts sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_iso(text: str) -> datetime:
    """Parse the output of `iso`."""
    return datetime.fromisoformat(text)
