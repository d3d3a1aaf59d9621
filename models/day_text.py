"""A day as sentences show it."""

from __future__ import annotations

from datetime import date


def day_text(day: date) -> str:
    """3 June 2012: a month by its name is read alike everywhere."""
    return f"{day.day} {day:%B} {day.year}"
