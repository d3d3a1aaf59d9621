"""The minimum transfer rate."""

from __future__ import annotations


class Pace:
    """Checks that a transfer averages at least `least_rate` bytes per second over each window of `window` seconds."""

    def __init__(self, least_rate: float, window: float, moment: float) -> None:
        self._least_rate, self._window = least_rate, window
        self._started, self._moved = moment, 0

    def add(self, count: int) -> None:
        """Count transferred bytes."""
        self._moved += count

    def is_too_slow(self, moment: float) -> bool:
        """Whether a window has ended with too few bytes; the next window then starts."""
        seconds = moment - self._started
        if seconds < self._window:
            return False
        moved, self._started, self._moved = self._moved, moment, 0
        return moved < self._least_rate * seconds

    def hurry(self, window: float) -> None:
        """Shorten the windows to at most `window` seconds."""
        self._window = min(self._window, window)
