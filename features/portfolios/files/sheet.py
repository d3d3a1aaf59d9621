"""The rows of a file of transactions: its lines, quotes and delimiter."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from features.portfolios.files.faults import Faults
from models.statement import MOST_STATEMENT_LINES

DELIMITERS = (",", ";", "\t", "|")
DEEPEST_HEADER = 30  # lines above the header that may be there: a title, remarks
# Limits that are checked before any rule, so that the work grows as the file does.
MOST_COLUMNS = 200
LONGEST_LINE = 20_000
LONGEST_CELL = 4_000
MOST_LINES_OF_A_ROW = 50  # a note may have several
Record = tuple[int, list[str]]  # the number of its first line, and its cells


@dataclass(frozen=True)
class Sheet:
    """The lines of a file, of which a delimiter makes rows."""

    lines: list[str]
    encoding: str

    def head(self, delimiter: str) -> list[Record]:
        """The first rows, as far as they can be read."""
        return list(rows(self.lines[:DEEPEST_HEADER], delimiter, Faults()))

    def rows(self, delimiter: str, faults: Faults) -> Iterator[Record]:
        """The rows that have any text. A row that is no CSV becomes a fault, and is the last."""
        return rows(self.lines, delimiter, faults)


def sheet_of(text: str, encoding: str, faults: Faults) -> Sheet:
    """The lines of a text. Raises StatementRefused for too many, or one that is too long."""
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MOST_STATEMENT_LINES + DEEPEST_HEADER:
        faults.refuse(MOST_STATEMENT_LINES, None, f"the file has more than {MOST_STATEMENT_LINES:,} lines. Send it in parts.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            faults.refuse(number, None, f"the line has more than {LONGEST_LINE:,} characters. Check the file's line ends and quotes.")
    return Sheet(lines, encoding)


class _OpenQuote(Exception):
    """A quote is open for more lines than a cell may have."""


def rows(lines: list[str], delimiter: str, faults: Faults) -> Iterator[Record]:
    """The rows of lines that have any text, each with the number of its first line."""
    started = taken = 0

    def feed() -> Iterator[str]:
        nonlocal taken
        for line in lines:
            taken += 1
            if taken - started > MOST_LINES_OF_A_ROW:
                raise _OpenQuote
            yield f"{line}\n"

    reader = csv.reader(feed(), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            number, started = started + 1, taken
            if any(map(str.strip, cells)):
                if len(cells) > MOST_COLUMNS:
                    faults.add(number, None, f"{len(cells):,} cells; at most {MOST_COLUMNS} are read.")
                    return
                yield number, cells
    except (csv.Error, _OpenQuote) as error:
        is_open = isinstance(error, _OpenQuote) or str(error) == "unexpected end of data"
        reason = "a quote is left open on this line; is the file cut off?" if is_open else f"{error}."
        faults.add(started + 1, None, f"not CSV: {reason} The lines below it were not read.")
