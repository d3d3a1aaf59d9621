"""The rows of a file: its delimiter and its header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter

from features.prices.files.faults import Faults
from features.prices.files.header import PRICES, SYMBOL_NAMES, TICKER_NAMES, Header, check_header, plain, read_header
from features.prices.files.numbers import LONGEST_CELL

DELIMITERS = (",", ";", "\t", "|")
# Limits checked before any rule, so that the cost of a file is linear in its size.
MOST_COLUMNS = 200
LONGEST_LINE = MOST_COLUMNS * (LONGEST_CELL + 4)  # with two quotes, and a delimiter or line end, per cell
MOST_LINES = 50_000  # bars, rows without prices, and a blank line after each
DEEPEST_HEADER = 30  # lines above the header that may be there: a title, remarks
Record = tuple[int, list[str]]  # a line's number and its cells
_HEADER_DEPTH = 3  # lines of a header: pandas writes the names of a table with several levels below each other


@dataclass(frozen=True)
class Table:
    """The rows below a header: the cells of our columns, and the lines that they are on."""

    header: Header
    columns: dict[str, Sequence[str]]  # by the names of Header.places
    lines: list[int]
    delimiter: str
    rejected: int  # lines that are no row under this header
    symbols: tuple[str, ...] = ()  # of whose prices a column says that they are


def read_table(text: str, faults: Faults) -> Table:
    """Split the text of a file into rows. Rows that do not fit the header become faults. Raises PriceQuality without a header."""
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MOST_LINES:
        faults.refuse(MOST_LINES + 1, None, f"the file has more than {MOST_LINES:,} lines.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            reason = f"the line has more than {LONGEST_LINE:,} characters. Check the file's line ends and quotes."
            faults.refuse(number, None, reason)
    delimiter, header, below = _head_of(lines, faults)
    return _below_header(_filled(_records(lines, below, delimiter, faults)), header, delimiter, faults)


def read_records(lines: list[str], faults: Faults) -> tuple[Header, int, Iterator[Record]]:
    """The header of a table, the number of its last line, and the records below. Raises PriceQuality without a header."""
    delimiter, header, below = _head_of(lines, faults)
    check_header(header, faults)
    return header, below, _filled(_records(lines, below, delimiter, faults))


def _head_of(lines: list[str], faults: Faults) -> tuple[str, Header, int]:
    delimiter, begin = _delimiter(lines)
    head_faults = Faults(faults.sent_as)
    header, below = _find_header(_filled(_records(lines[:DEEPEST_HEADER], begin, delimiter, head_faults)))
    if not header.places:
        head_faults.raise_any()  # the header may be on a line that is no CSV
    return delimiter, header, below


def table_of(rows: list[Record], faults: Faults) -> Table:
    """The table of rows that have cells already, up to their last, numbered from 1. Raises PriceQuality without a header."""
    header, below = _find_header(_filled(iter(rows[:DEEPEST_HEADER])))
    width = len(header.cells)
    records = ((line, [*cells, *[""] * (width - len(cells))] if len(cells) > 1 else cells) for line, cells in rows[below:])
    return _below_header(_filled(records), header, "", faults)


def _filled(records: Iterator[Record]) -> Iterator[Record]:
    """The records that have any text."""
    return (record for record in records if record[1] and (record[1][0].strip() or any(map(str.strip, record[1]))))


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """The delimiter under which a header names most of our columns, and the index of the first line to read."""
    if lines[0].lower().startswith("sep=") and len(lines[0]) == len("sep=") + 1:
        return lines[0][-1], 1  # Excel's way to say it
    head = lines[:DEEPEST_HEADER]
    found = {delimiter: max((_known(line, delimiter) for line in head), default=0) for delimiter in DELIMITERS}
    # Where no header is found, the error shows the names as split by what is there most.
    return max(DELIMITERS, key=lambda delimiter: (found[delimiter], sum(line.count(delimiter) for line in head))), 0


def _known(line: str, delimiter: str) -> int:
    try:
        [cells] = csv.reader((line,), delimiter=delimiter, skipinitialspace=True)
    except (csv.Error, ValueError):
        return 0
    return len(read_header(cells, 0).places)


def _records(lines: list[str], begin: int, delimiter: str, faults: Faults) -> Iterator[Record]:
    """Number and cells of the lines from the index `begin` on. Each line is a record: an open quote does not continue on the next line."""
    last = begin
    for record in _up_to_a_fault(lines, begin, delimiter):
        last = record[0]
        yield record
    for number in range(last + 1, len(lines) + 1):
        try:
            [cells] = csv.reader((lines[number - 1] or delimiter,), delimiter=delimiter, skipinitialspace=True, strict=True)
        except csv.Error as error:
            is_open = str(error) == "unexpected end of data"
            faults.add(number, None, f"not CSV: {'a quote is left open on this line' if is_open else error}.")
        else:
            yield number, cells


def _up_to_a_fault(lines: list[str], begin: int, delimiter: str) -> Iterator[Record]:
    """The records before the first that is no CSV or longer than its line, in a quarter of the time of reading line by line."""
    reader = csv.reader(lines[begin:], delimiter=delimiter, skipinitialspace=True, strict=True)
    with suppress(csv.Error):
        for number, cells in enumerate(reader, begin + 1):
            if reader.line_num != number - begin:
                return
            yield number, cells


def _find_header(head: Iterator[Record]) -> tuple[Header, int]:
    """The header, and the index of the first line below it. Where there is none, the line that comes nearest."""
    records = list(head)
    for at, (line, cells) in enumerate(records):
        header = read_header(cells, line)
        if not all(column in header.places for column in PRICES):
            continue
        # Pandas names the first column on a line of its own, below those of the others: Price / Ticker / Date, or nothing / Date.
        for below, first in records[at + 1 : at + _HEADER_DEPTH]:
            if "date" in read_header(first[:1], below).places and not any(cell.strip() for cell in first[1:]):
                return read_header(cells, line, date_at=0), below
        if "date" not in header.places and not cells[0].strip():
            return read_header(("Date", *cells[1:]), line, date_at=0), line  # pandas' index without a name
        return header, line
    headers = [read_header(cells, line) for line, cells in records] or [Header(1, (), {})]
    best = max(headers, key=lambda header: len(header.places))
    return best, best.line


def _below_header(records: Iterator[Record], header: Header, delimiter: str, faults: Faults) -> Table:
    if not header.cells:
        faults.refuse(1, None, "there is no table in the file.")
    if len(header.cells) > MOST_COLUMNS:
        faults.refuse(header.line, None, f"{len(header.cells):,} columns; at most {MOST_COLUMNS} are read.")
    check_header(header, faults)
    width, first = len(header.cells), header.cells[0]
    tickers = _TickerCheck(header, faults)
    pick = itemgetter(*header.places.values())
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    remarks: list[int] = []
    for line, cells in records:
        if len(cells) != width:
            if len(cells) == 1 or not any(map(str.strip, cells[1:])):
                remarks.append(line)
                continue
            if len(cells) < width or any(map(str.strip, cells[width:])):
                faults.add(line, None, f"{len(cells)} cells where the header has {width}.")
                continue
        elif first in cells[0] and tuple(map(str.strip, cells)) == header.cells:
            continue  # a header that is repeated, as where files were joined
        if tickers.places:
            tickers.check(line, cells)
        rows.append(pick(cells))
        lines.append(line)
    for line in remarks:
        if lines and line < lines[-1]:  # those below the last row are left out, as `Downloaded from …`
            faults.add(line, None, f"1 cell where the header has {width}.")
    if not rows:
        faults.raise_any()
        faults.refuse(header.line, None, "there are no rows under the header.")
    columns: dict[str, Sequence[str]] = dict(zip(header.places, zip(*rows, strict=True), strict=True))
    return Table(header, columns, lines, delimiter, faults.rows, tickers.symbols)


class _TickerCheck:
    """Refuses a file of several tickers, which has a column of their names."""

    def __init__(self, header: Header, faults: Faults) -> None:
        self.places = [at for at, name in enumerate(header.cells) if plain(name) in TICKER_NAMES and at not in header.places.values()]
        self._header, self._faults = header, faults
        self._seen: dict[int, str] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the columns of ticker symbols say, in upper case."""
        named = (symbol for place, symbol in self._seen.items() if plain(self._header.cells[place]) in SYMBOL_NAMES)
        return tuple(symbol.upper() for symbol in named if symbol)

    def check(self, line: int, cells: list[str]) -> None:
        """Compare a row's ticker with that of the rows before."""
        for place in self.places:
            ticker = cells[place].strip()
            if self._seen.setdefault(place, ticker) != ticker:
                reason = f"{ticker[:20]!r} after {self._seen[place][:20]!r}: the file has several tickers. Send one file for each."
                self._faults.refuse(line, self._header.cells[place], reason)
