"""The faults of a file, with line and column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from models.price_errors import PriceProblem, PriceQuality

MOST_LISTED = 100
LONGEST_QUOTE = 40  # characters of a cell that a message repeats


class Faults:
    """The faults of one file. All are counted, the first MOST_LISTED are kept.

    `lines` are the numbers, in the file that was sent, of the lines that are read here as 1, 2, 3 …, where these are only a part of it.
    """

    def __init__(self, lines: Sequence[int] = ()) -> None:
        self.sent_as = lines
        self.listed: list[PriceProblem] = []
        self.total = 0
        self._lines: set[int] = set()

    @property
    def rows(self) -> int:
        """The number of rows that have faults."""
        return len(self._lines)

    def add(self, line: int, column: str | None, message: str) -> None:
        """Note a fault; the file's first line is 1."""
        self.total += 1
        self._lines.add(line)
        if len(self.listed) < MOST_LISTED:
            self.listed.append(PriceProblem(self.sent_line(line), column, message))

    def sent_line(self, line: int) -> int:
        """The number of a line in the file that was sent."""
        return self.sent_as[line - 1] if line <= len(self.sent_as) else line

    def refuse(self, line: int, column: str | None, message: str) -> NoReturn:
        """Note a fault with which the file cannot be read further. Raises PriceQuality."""
        self.add(line, column, message)
        raise PriceQuality(self.listed, self.total)

    def raise_any(self) -> None:
        """Raise PriceQuality if there are faults."""
        if self.listed:
            raise PriceQuality(sorted(self.listed, key=lambda problem: problem.line), self.total)


def quoted(text: str) -> str:
    """A cell as messages repeat it."""
    return repr(text.strip()[:LONGEST_QUOTE])
