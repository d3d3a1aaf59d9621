"""How slow is too slow."""

from __future__ import annotations


class Pace:
    """Whether enough bytes move: at least `least_rate` a second on average over each window of so many seconds."""

    def __init__(self, least_rate: float, window: float, moment: float) -> None:
        self._least_rate, self._window = least_rate, window
        self._began, self._moved = moment, 0

    def add(self, count: int) -> None:
        """Note bytes that have moved."""
        self._moved += count

    def is_too_slow(self, moment: float) -> bool:
        """Whether the window that ends now, if one does, saw too little; the next begins with it."""
        took = moment - self._began
        if took < self._window:
            return False
        moved, self._began, self._moved = self._moved, moment, 0
        return moved < self._least_rate * took

    def hurry(self, window: float) -> None:
        """Look at shorter windows from here on."""
        self._window = min(self._window, window)
