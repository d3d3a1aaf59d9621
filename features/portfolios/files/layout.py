"""Formats of which every row has the same columns, and how their cells are read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache

from features.portfolios.files.booking import Booking, Security, security_of
from features.portfolios.files.decimals import COMMA, POINT, Votes, is_missing, read_decimal, sign_told
from features.portfolios.files.faults import Faults, quoted
from features.portfolios.files.sheet import LONGEST_CELL, Record
from features.prices.service import NO_DAY, DateOrder, read_days
from models.portfolio import TOO_MANY_DIGITS, WHOLE_DIGITS
from models.statement import StatementFormat

EPOCH = date(1970, 1, 1)
ZERO = Decimal(0)
NUMBERS = ("quantity", "price", "amount", "fee", "tax", "fx_rate")


@dataclass(frozen=True)
class Layout:
    """A format: by our names, what its columns are called in plain letters; a name that ends in * stands for all that begin so.

    A file is of this format when it has all columns of `needs`. `book` makes the transactions of its rows.
    """

    format: StatementFormat
    columns: Mapping[str, Sequence[str]]
    needs: frozenset[str]
    book: Callable[[Rows], Iterator[Booking]]
    dates: DateOrder | None = None
    numbers: Sequence[str] = NUMBERS

    @cached_property
    def names(self) -> Mapping[str, tuple[str, int]]:
        """Our column of each name that is known, and how telling the name is: the lowest number is the most telling."""
        return {name: (column, rank) for column, known in self.columns.items() for rank, name in enumerate(known)}

    @cached_property
    def _starts(self) -> list[tuple[str, str, int]]:
        found = [(name[:-1], column, rank) for name, (column, rank) in self.names.items() if name.endswith("*")]
        return sorted(found, key=lambda entry: -len(entry[0]))  # the most telling first

    def places(self, names: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, int]:
        """The index of each of our columns that a header has; `given` are plain names with the column that each is."""
        found: dict[str, tuple[int, int]] = {}
        for place, name in enumerate(names):
            told = (given or {}).get(name)
            column, rank = self.names.get(name, ("", 0)) if told is None else (told, -1)
            if not column and name:
                column, rank = next(((column, rank) for start, column, rank in self._starts if name.startswith(start)), ("", 0))
            if column and rank < found.get(column, (0, len(self.names)))[1]:
                found[column] = place, rank
        return {column: place for column, (place, _) in found.items()}


@dataclass(frozen=True)
class Wishes:
    """What the sender says of a file: whether dates have the day or the month first, the decimal sign, and the column of each field."""

    dates: DateOrder | None = None
    decimal: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # the file's names of columns to our names

    @cached_property
    def plain_columns(self) -> Mapping[str, str]:
        """Our names by the file's names in plain letters."""
        return {plain(name): column for name, column in self.columns.items()}


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    rows: Rows
    line: int
    cells: list[str]
    day: date

    def text(self, column: str) -> str:
        """The cell of one of our columns, without blanks around it; empty where there is none."""
        return self.at(self.rows.places.get(column, -1))

    def beside(self, column: str) -> str:
        """The cell behind that of a column."""
        place = self.rows.places.get(column)
        return "" if place is None else self.at(place + 1)

    def at(self, place: int) -> str:
        """The cell at an index."""
        return self.cells[place].strip()[:LONGEST_CELL] if 0 <= place < len(self.cells) else ""

    def number(self, column: str) -> Decimal | None:
        """The number of a column; None where the cell is empty. What is no number, or one of too many digits, becomes a fault."""
        sign = self.rows.decimals.get(self.rows.places.get(column, -1))
        return self.number_in(self.text(column), self.rows.name(column), sign)

    def number_in(self, text: str, name: str | None, sign: str | None = None) -> Decimal | None:
        """The number of a text of this row, with the decimal sign of the file unless another is told."""
        if is_missing(text):
            return None
        number = read_decimal(text, sign or self.rows.decimal)
        if number is None:
            self.rows.faults.add(self.line, name, f"{quoted(text)} is no number.")
        elif number.adjusted() >= WHOLE_DIGITS:
            self.rows.faults.add(self.line, name, TOO_MANY_DIGITS)
            return None
        return number

    def size(self, column: str) -> Decimal:
        """The absolute number of a column; 0 where it is empty."""
        return abs(self.number(column) or ZERO)

    def security(self) -> Security | None:
        """The security of the columns isin, symbol and name."""
        return security_of(self.text("isin"), self.text("symbol"), self.text("name"))

    def fault(self, column: str, message: str) -> None:
        """Note a fault of this line."""
        self.rows.faults.add(self.line, self.rows.name(column), message)

    def leave_out(self, reason: str) -> None:
        """Note that this line is no transaction."""
        self.rows.faults.leave_out(self.line, reason)


@dataclass
class Rows:
    """The rows below the header of a table."""

    layout: Layout
    header: Record
    places: Mapping[str, int]
    records: list[Record]
    faults: Faults
    asked: DateOrder | None = None
    decimal: str = POINT
    decimals: Mapping[int, str] = field(default_factory=dict)  # of columns that tell their own, by place
    order: DateOrder = DateOrder.YMD

    def name(self, column: str) -> str | None:
        """The file's name of one of our columns."""
        place = self.places.get(column)
        return None if place is None else self.header[1][place].strip() or None

    def __iter__(self) -> Iterator[Row]:
        """The rows that have a day. The others become faults."""
        place = self.places["day"]
        width = len(self.header[1])
        full = [record for record in self.records if self._fits(record, width)]
        days = read_days([day_text(cells[place]) for _, cells in full], self.layout.dates or self.asked)
        self.order = days.order
        for (line, cells), number in zip(full, days.numbers.tolist(), strict=True):
            if number == NO_DAY:
                self.faults.add(line, self.name("day"), f"{quoted(cells[place])} is no day; the file writes days as {days.order.value}.")
            else:
                yield Row(self, line, cells, EPOCH + timedelta(days=number))

    def _fits(self, record: Record, width: int) -> bool:
        """Whether a row has the cells of the header; a repeated header is left out, and what was cut off becomes a fault."""
        line, cells = record
        if len(cells) < width and len(cells) <= max(self.places.values()):
            self.faults.add(line, None, f"{len(cells)} cells where the header has {width}. Is the file cut off? Export it again.")
            return False
        return [cell.strip() for cell in cells[:width]] != [cell.strip() for cell in self.header[1]]


def read_table(layout: Layout, sheet_rows: Iterable[Record], header: Record, wishes: Wishes, faults: Faults) -> Rows:
    """The rows of a table below its header, with the decimal sign that the file uses."""
    names = [plain(cell) for cell in header[1]]
    rows = Rows(layout, header, layout.places(names, wishes.plain_columns), [row for row in sheet_rows if row[0] > header[0]], faults)
    rows.asked = wishes.dates
    _find_decimals(rows, wishes.decimal)
    return rows


def _find_decimals(rows: Rows, asked: str | None) -> None:
    """Find the decimal sign of each column: as the sender says, or as its cells tell, or as those of the file.

    Where none tells: by which quantity times price is the amount, else a point. A cell that tells another sign than its column has becomes
    a fault, for one of them would be read wrong.
    """
    places = [rows.places[column] for column in rows.layout.numbers if column in rows.places]
    votes = {place: Votes.of(cells[place] for _, cells in rows.records if place < len(cells)) for place in places}
    rows.decimal = asked or sum(votes.values(), Votes()).sign or _decimal_by_product(rows)
    rows.decimals = {place: sign for place, told in votes.items() if (sign := asked or told.sign) is not None}
    for place, told in votes.items():
        if told.differ(rows.decimals.get(place, rows.decimal)):
            _note_other_signs(rows, place)


def _note_other_signs(rows: Rows, place: int) -> None:
    sign = rows.decimals.get(place, rows.decimal)
    own, other = ("comma", "point") if sign == POINT else ("point", "comma")
    for line, cells in rows.records:
        if place < len(cells) and sign_told(cells[place]) not in (None, sign):
            name = rows.header[1][place].strip() or None
            message = f"{quoted(cells[place])} has a decimal {own}, and others of the column are read with a decimal {other}."
            rows.faults.add(line, name, f"{message} Write the numbers of the column alike.")


def _decimal_by_product(rows: Rows) -> str:
    agree = {sign: sum(_multiplies(rows, cells, sign) for _, cells in rows.records) for sign in (POINT, COMMA)}
    return COMMA if agree[COMMA] > agree[POINT] else POINT


def _multiplies(rows: Rows, cells: list[str], sign: str) -> bool:
    """Whether quantity times price is the amount, to a hundredth, when the cells are read so."""
    amount = "amount" if "amount" in rows.places else "net"
    found = [rows.places.get(column, len(cells)) for column in ("quantity", "price", amount)]
    numbers = [read_decimal(cells[place], sign) for place in found if place < len(cells)]
    if len(numbers) < len(found) or None in numbers:
        return False
    quantity, price, whole = (abs(number) for number in numbers if number is not None)
    return abs(quantity * price - whole) <= whole / 100


def day_text(cell: str) -> str:
    """A cell of a day, without the time that Interactive Brokers puts behind a semicolon."""
    return cell.split(";", 1)[0]


@lru_cache(maxsize=4_096)
def plain(name: str) -> str:
    """A name without case, signs, blanks and accents. The names of formats and words are told in this form."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name[:200].casefold()) if letter.isalnum())
