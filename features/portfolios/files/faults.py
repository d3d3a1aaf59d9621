"""The faults of a file of transactions, with line and column."""

from __future__ import annotations

from typing import NoReturn

from models.statement import MOST_LISTED, LeftOut, StatementFault
from models.statement_errors import StatementRefused

LONGEST_QUOTE = 40  # characters of a cell that a message repeats


class Faults:
    """The faults of one file, and the lines that are left out. All are counted, the first MOST_LISTED are kept."""

    def __init__(self) -> None:
        self.listed: list[StatementFault] = []
        self.total = 0
        self.left_out: list[LeftOut] = []
        self.left_out_total = 0
        self._places: set[tuple[int, str | None]] = set()

    @property
    def lines(self) -> frozenset[int]:
        """The lines that have faults."""
        return frozenset(line for line, _ in self._places)

    def has(self, line: int, column: str | None) -> bool:
        """Whether a line has a fault at a column, or at none."""
        return (line, column) in self._places

    def add(self, line: int, column: str | None, message: str) -> None:
        """Note a fault; the file's first line is 1."""
        self.total += 1
        self._places.add((line, column))
        if len(self.listed) < MOST_LISTED:
            self.listed.append(StatementFault(line, column, message))

    def leave_out(self, line: int, reason: str) -> None:
        """Note a line that is no transaction."""
        self.left_out_total += 1
        if len(self.left_out) < MOST_LISTED:
            self.left_out.append(LeftOut(line, reason))

    def refuse(self, line: int, column: str | None, message: str) -> NoReturn:
        """Note a fault with which the file cannot be read further. Raises StatementRefused."""
        self.add(line, column, message)
        raise self.refusal()

    def refusal(self) -> StatementRefused:
        """The faults as an error, by line."""
        return StatementRefused(sorted(self.listed, key=lambda fault: fault.line), self.total)


def quoted(text: str) -> str:
    """A cell as messages repeat it."""
    return repr(text.strip()[:LONGEST_QUOTE])
