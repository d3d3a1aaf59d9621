"""Splits an upload of many tickers into one file for each: a ZIP archive of files, or one table with a column of tickers."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath

from features.prices.files.faults import Faults
from features.prices.files.header import SYMBOL_NAMES, TICKER_NAMES, plain
from features.prices.files.names import may_hold_prices, ticker_of_name
from features.prices.files.source import ARCHIVE, EMPTY_ARCHIVE, decode
from features.prices.files.table import LONGEST_LINE, read_records, read_table
from models.price_errors import ImportRefused, PriceQuality
from models.ticker import normalize_ticker

MOST_FILES = 2_000
MOST_UNPACKED = 200_000_000  # bytes of all files together
LONGEST_NAME = 200
_HEAD_BYTES, _HEAD_LINES = 64_000, 40  # of a file, in which a column of tickers is looked for
_LEVEL = 1  # of deflate: most of the gain for a fifth of the time


@dataclass(frozen=True)
class Part:
    """The file of one ticker, deflated. `lines` are the numbers of its lines in the table that was sent; empty for a file of its own."""

    ticker: str
    name: str
    content: bytes
    lines: Sequence[int] = ()


@dataclass
class Split:
    """The parts of an upload, and the names of what lay beside them and is no price file."""

    parts: list[Part] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def split_upload(raw: bytes, most_bytes: int, *, names_are_tickers: bool) -> Split:
    """Split an archive or a table. Each file may have `most_bytes`. With `names_are_tickers` the names in an archive are the tickers.

    Raises ImportRefused with a message for each file that cannot be taken, or PriceQuality for a table that cannot be read.
    """
    if raw.startswith(EMPTY_ARCHIVE):
        raise ImportRefused([("archive", "it is empty. Pack the price files into it, a file for each ticker.")])
    if raw.startswith(ARCHIVE):
        return _Archive(raw, most_bytes, names_are_tickers).split()
    return Split(list(_parts_of_table(raw)))


class _Archive:
    def __init__(self, raw: bytes, most_bytes: int, names_are_tickers: bool) -> None:
        self._raw, self._most_bytes, self._names_are_tickers = raw, most_bytes, names_are_tickers
        self._problems: list[tuple[str, str]] = []
        self._unpacked = 0

    def split(self) -> Split:
        split, names = Split(), dict[str, str]()
        try:
            with zipfile.ZipFile(BytesIO(self._raw)) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
                if len(members) > MOST_FILES:
                    raise ImportRefused([("archive", f"it has {len(members):,} files; at most {MOST_FILES:,} are taken at once.")])
                for member in members:
                    self._add(archive, member, split, names)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
            raise ImportRefused([("archive", "it is damaged, or no ZIP archive. Pack the files again.")]) from error
        if self._problems:
            raise ImportRefused(self._problems)
        if not split.parts:
            raise ImportRefused([("archive", "it has neither a CSV file nor a workbook.")])
        return split

    def _add(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, split: Split, names: dict[str, str]) -> None:
        name = PurePosixPath(member.filename.replace("\\", "/")).name[:LONGEST_NAME]
        if "__MACOSX" in member.filename or not may_hold_prices(name):
            split.ignored.append(name)
            return
        raw = self._read(archive, member, name)
        if raw is None:
            return
        ticker = self._ticker_of(name, raw)
        if ticker is None:
            self._problems.append((name, "its ticker is not clear. Name the file by it, as AAPL.csv."))
        elif ticker in names:
            self._problems.append((name, f"it is of {ticker}, and so is {names[ticker]}. Send one file for each ticker."))
        else:
            names[ticker] = name
            split.parts.append(Part(ticker, name, zlib.compress(raw, _LEVEL)))

    def _read(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes | None:
        """A member unpacked; None where it is refused. What the archive says of its size need not be true."""
        if member.flag_bits & 1:
            self._problems.append((name, "it is encrypted. Pack it without a password."))
            return None
        try:
            with archive.open(member) as file:
                raw = file.read(self._most_bytes + 1)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError):
            self._problems.append((name, "it is damaged in the archive. Pack it again."))
            return None
        self._unpacked += len(raw)
        if self._unpacked > MOST_UNPACKED:
            raise ImportRefused([("archive", f"it has more than {MOST_UNPACKED / 1e6:,.0f} MB unpacked. Send it in parts.")])
        if len(raw) > self._most_bytes:
            self._problems.append((name, f"it has more than {self._most_bytes / 1e6:,.1f} MB unpacked, which a file may have."))
            return None
        return raw

    def _ticker_of(self, name: str, raw: bytes) -> str | None:
        if self._names_are_tickers:
            return _valid(name.rsplit(".", 1)[0])
        return ticker_of_name(name) or _ticker_in(raw)


def _ticker_in(raw: bytes) -> str | None:
    """The ticker that a column of a text file names."""
    if raw.startswith(ARCHIVE):
        return None
    try:
        text, _ = decode(raw[:_HEAD_BYTES], Faults())
        symbols = read_table("\n".join(text.splitlines()[:_HEAD_LINES]), Faults()).symbols
    except PriceQuality:
        return None  # the job says what is wrong with the file
    return _valid(symbols[0]) if symbols else None


def _valid(text: str) -> str | None:
    try:
        return normalize_ticker(text.strip())
    except ValueError:
        return None


def _parts_of_table(raw: bytes) -> Iterator[Part]:
    """The rows of each ticker of a table, each with the header. Raises PriceQuality or ImportRefused."""
    faults = Faults()
    text, _ = decode(raw, faults)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            faults.refuse(number, None, f"the line has more than {LONGEST_LINE:,} characters. Check the file's line ends and quotes.")
    header, below, records = read_records(lines, faults)
    named = {at: plain(cell) for at, cell in enumerate(header.cells) if at not in header.places.values()}
    places = [at for at, name in named.items() if name in SYMBOL_NAMES] or [at for at, name in named.items() if name in TICKER_NAMES]
    if not places:
        reason = "there is no column of tickers. Name it Ticker, or send a file of one ticker to PUT /prices/{ticker}."
        faults.refuse(header.line, None, reason)
    rows: dict[str, list[int]] = {}
    for number, cells in records:
        symbol = cells[places[0]] if places[0] < len(cells) else ""
        ticker = _valid(symbol)
        if ticker is None:
            if any(map(str.strip, cells[1:])):
                faults.add(number, header.cells[places[0]], f"{symbol.strip()[:20]!r} is not a ticker.")
        elif ticker in rows:
            rows[ticker].append(number)
        elif len(rows) < MOST_FILES:
            rows[ticker] = [number]
        else:
            faults.refuse(number, header.cells[places[0]], f"there are more than {MOST_FILES:,} tickers. Send the file in parts.")
    faults.raise_any()
    if not rows:
        faults.refuse(header.line, None, "there are no rows under the header.")
    head = list(range(1, below + 1))
    for ticker, numbers in rows.items():
        content = "\n".join(lines[number - 1] for number in [*head, *numbers]).encode()
        yield Part(ticker, f"{ticker} in the table", zlib.compress(content, _LEVEL), [*head, *numbers])
