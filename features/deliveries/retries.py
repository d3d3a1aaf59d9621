"""When a delivery is tried again: the schedule of Standard Webhooks, over three days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import uniform

# Seconds before each attempt: at once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after the one before.
PAUSES = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1  # so that deliveries that failed together are not tried together
LONGEST_WAIT = 86_400.0  # seconds that a receiver may ask to wait
THROTTLES = frozenset({429, 502, 503, 504})  # answers whose Retry-After is honoured
MOST_DEAD = 3  # deliveries in a row that are given up before their channel is switched off
LONGEST_HOLD = 60.0  # seconds that a channel's other deliveries wait for one that got no answer

Spread = Callable[[float, float], float]


def pause_after(attempts: int, retry_after: float | None = None, spread: Spread = uniform) -> float | None:
    """The seconds before the next attempt after so many; None when it was the last one."""
    if attempts >= len(PAUSES):
        return None
    pause = PAUSES[attempts] * spread(1 - JITTER, 1 + JITTER)
    return max(pause, min(retry_after or 0.0, LONGEST_WAIT))


def retry_after(code: int, header: str, moment: datetime) -> float | None:
    """The seconds that an answer asks to wait, by a number or a date; None where it does not, or may not."""
    text = header.strip()
    if code not in THROTTLES or not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        return min(max(0.0, (parsedate_to_datetime(text) - moment).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError):
        return None
