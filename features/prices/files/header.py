"""The names of columns, as sites and tools write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from features.prices.files.faults import Faults
from models.footing import UNKNOWN, Bases, Basis
from models.price_series import COLUMNS

PRICES = COLUMNS[:4]  # open, high, low, close
REQUIRED = ("date", *PRICES)
# The names of each column, the most telling first: of two columns that could be the close, the one whose name comes first is. Names are
# compared without case, signs and spaces. After the English ones come those of Investing.com and of exchanges in other languages.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "date": (
        "date", "tradedate", "tradingdate", "tradingday", "businessdate", "dtyyyymmdd", "day", "datetime", "dateandtime", "timestamp",
        "time", "opentime", "unix", "unixtimestamp", "index", "datum", "fecha", "data", "handelsdatum", "tarih", "dato",
    ),
    "open": (
        "open", "openprice", "openingprice", "opening", "o", "first", "eroffnung", "eroffn", "erster", "eroffnungskurs", "ouv", "ouverture",
        "apertura", "abertura", "otwarcie",
    ),
    "high": (
        "high", "highprice", "dayhigh", "h", "max", "hoch", "tageshoch", "hochst", "plushaut", "haut", "maximo", "massimo", "maxima",
        "najwyzszy",
    ),
    "low": (
        "low", "lowprice", "daylow", "l", "min", "tief", "tagestief", "tiefst", "plusbas", "bas", "minimo", "minima", "najnizszy",
    ),
    "close": (
        "close", "closeprice", "closingprice", "closelast", "closingvalue", "c", "last", "lastprice", "lasttradedprice", "price", "settle",
        "settlement", "settlementprice", "closeclosepriceadjustedforsplits", "zuletzt", "schluss", "schlusskurs", "dernier", "cloture",
        "ultimo", "chiusura", "fechamento", "cierre", "zamkniecie",
    ),
    "adj_close": (
        "adjclose", "adjustedclose", "closeadj", "closeadjusted", "adjclosingprice", "adjustedclosingprice", "adjcloseprice",
        "adjcloseadjustedclosepriceadjustedforsplitsanddividendandorcapitalgaindistributions",
    ),
    "volume": (
        "volume", "vol", "v", "totalvolume", "sharevolume", "tradedvolume", "volumetraded", "totaltradedquantity", "totaltradequantity",
        "noofshares", "sharestraded", "stuecke", "stucke", "volumen", "wolumen", "tickvol", "tickvolume", "umsatz",
    ),
}  # fmt: skip
_MEANINGS = {name: (column, rank) for column, names in _SYNONYMS.items() for rank, name in enumerate(names)}
SYMBOL_NAMES = frozenset({"ticker", "symbol", "stocksymbol"})
TICKER_NAMES = SYMBOL_NAMES | {"isin", "name", "stock", "code", "security", "scrip"}
_PLAIN_LETTERS = str.maketrans("áàâãäåçéèêëíìîïñóòôõöúùûüýÿłńśźżęąß", "aaaaaaceeeeiiiinooooouuuuyylnszzeas")
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Header:
    """The header of a file: its line, its cells, and the index of each of our columns that it has."""

    line: int
    cells: tuple[str, ...]
    places: dict[str, int]

    @property
    def ignored(self) -> list[str]:
        """The names of the columns that are not read."""
        return [cell for index, cell in enumerate(self.cells) if index not in self.places.values() and cell]

    @property
    def bases(self) -> Bases:
        """The bases that the names tell: Yahoo's page says that its closes are adjusted for splits, and yfinance lists splits beside."""
        names = list(map(plain, self.cells))
        is_restated = "stocksplits" in names or any("adjustedforsplits" in name for name in names)
        return Bases(Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED) if is_restated else UNKNOWN

    def name(self, column: str) -> str:
        """The file's name of one of our columns."""
        return self.cells[self.places[column]]


def plain(name: str) -> str:
    """A name without case, signs, spaces and accents."""
    return _NOT_LETTERS.sub("", name.lower().translate(_PLAIN_LETTERS))


def read_header(cells: Sequence[str], line: int, date_at: int | None = None) -> Header:
    """The columns that these cells name, as far as they do. With `date_at` that column is the date, whatever its name."""
    places: dict[str, int] = {}
    ranks: dict[str, int] = {}
    for index, cell in enumerate(cells):
        column, rank = _MEANINGS.get(plain(cell), ("", 0))
        if index == date_at:
            column, rank = "date", -1
        elif date_at is not None and column == "date":
            continue
        if column and rank < ranks.get(column, len(_MEANINGS)):
            places[column], ranks[column] = index, rank
    return Header(line, tuple(cell.strip() for cell in cells), places)


def check_header(header: Header, faults: Faults) -> None:
    """Refuse a header without a column that is needed, or with one twice."""
    named = [plain(cell) for cell in header.cells]
    for column, place in header.places.items():
        if named[place] and named.count(named[place]) > 1:
            reason = "the column is there twice. Is this a file of several tickers? Send one file for each."
            faults.add(header.line, header.name(column), reason)
    for column in REQUIRED:
        if column not in header.places:
            names = ", ".join(cell for cell in header.cells if cell)[:200]
            faults.add(header.line, column.title(), f"the column is missing. The file has: {names or 'no names'}.")
    faults.raise_any()
