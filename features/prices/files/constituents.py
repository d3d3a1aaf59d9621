"""Reads a list of tickers with what is known of each from a CSV file, such as one of the constituents of an index."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from features.prices.files.faults import Faults, quoted
from features.prices.files.header import plain
from features.prices.files.source import decode
from features.prices.files.table import DEEPEST_HEADER, DELIMITERS, LONGEST_LINE
from models.provider import Listing
from models.ticker import normalize_ticker
from models.universe import MOST_TICKERS

# The names of each column, the most telling first; they are compared without case, signs and spaces.
_NAMES = {
    "ticker": ("ticker", "symbol", "tickersymbol", "stocksymbol"),
    "name": ("name", "security", "company", "companyname", "securityname"),
    "exchange": ("exchange", "mic", "primaryexchange", "market"),
    "currency": ("currency",),
    "kind": ("type", "kind", "assettype", "assetclass"),
    "sector": ("sector", "gicssector"),
}
_MOST_LINES = 2 * MOST_TICKERS + DEEPEST_HEADER  # with a blank line after each row


class _Header(NamedTuple):
    """Where the rows begin, how their cells are parted, the file's names of its columns, and the index of each that is read."""

    below: int
    delimiter: str
    cells: Sequence[str]
    places: dict[str, int]


def read_constituents(raw: bytes) -> list[Listing]:
    """The listings of a file, in its order. Raises PriceQuality with its faults: no ticker, a bad one, one twice, none at all."""
    faults = Faults()
    text, _ = decode(raw, faults)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > _MOST_LINES:
        faults.refuse(_MOST_LINES + 1, None, f"the file has more lines than {MOST_TICKERS:,} tickers need, which a universe may have.")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            faults.refuse(number, None, f"the line has more than {LONGEST_LINE:,} characters. Check the file's line ends and quotes.")
    header = _header(lines, faults)
    found: dict[str, int] = {}
    listings: list[Listing] = []
    for number, listing in _listings(lines, header, faults):
        if listing.ticker in found:
            column = header.cells[header.places["ticker"]]
            faults.add(number, column, f"{listing.ticker} is on line {found[listing.ticker]} already. Leave one of them out.")
            continue
        if len(listings) == MOST_TICKERS:
            faults.refuse(number, None, f"there are more than {MOST_TICKERS:,} tickers, which a universe may have.")
        found[listing.ticker] = number
        listings.append(listing)
    faults.raise_any()
    if not listings:
        faults.refuse(header.below, None, "there are no rows under the header.")
    return listings


def _header(lines: Sequence[str], faults: Faults) -> _Header:
    """The first line that names a column of tickers, under the delimiter that finds most of our columns."""
    for number, line in enumerate(lines[:DEEPEST_HEADER], 1):
        found = [_Header(number, delimiter, cells, _places(cells)) for delimiter in DELIMITERS for cells in _cells(line, delimiter)]
        best = max(found, key=lambda header: len(header.places), default=None)
        if best is not None and "ticker" in best.places:
            break
    else:
        first = next((number for number, line in enumerate(lines, 1) if line.strip()), 1)
        reason = "there is no column of tickers. The file needs a header with a column Ticker or Symbol."
        faults.refuse(first, None, f"{reason} It begins with {quoted(lines[first - 1])}.")
    return best


def _places(cells: Sequence[str]) -> dict[str, int]:
    named = [plain(cell) for cell in cells]
    places = {column: next((named.index(name) for name in names if name in named), -1) for column, names in _NAMES.items()}
    return {column: place for column, place in places.items() if place >= 0}


def _cells(line: str, delimiter: str) -> Iterator[list[str]]:
    """The cells of a line; none where it is no CSV."""
    try:
        yield from csv.reader((line,), delimiter=delimiter, skipinitialspace=True)
    except csv.Error:
        return


def _listings(lines: Sequence[str], header: _Header, faults: Faults) -> Iterator[tuple[int, Listing]]:
    """The rows that have a ticker, with the numbers of their lines. Each line is a row: an open quote does not continue on the next."""
    at = header.places["ticker"]
    for number, line in enumerate(lines[header.below :], header.below + 1):
        if not line.strip(f" \t{header.delimiter}"):
            continue
        try:
            [cells] = csv.reader((line,), delimiter=header.delimiter, skipinitialspace=True, strict=True)
        except csv.Error as error:
            is_open = str(error) == "unexpected end of data"
            faults.add(number, None, f"not CSV: {'a quote is left open on this line' if is_open else error}.")
            continue
        try:
            ticker = normalize_ticker(cells[at] if at < len(cells) else "")
        except ValueError as error:
            faults.add(number, header.cells[at], str(error))
            continue
        facts = {column: cells[place] for column, place in header.places.items() if column != "ticker" and place < len(cells)}
        yield number, Listing(ticker, **facts)
