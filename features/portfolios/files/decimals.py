"""Numbers as they are written in files, read exactly.

Most cells tell by themselves which sign is the decimal one: `1.234,5`, `0,25`, `12.5`. Only `1,234` and its like do not; they are read as
the other cells of their column are, or else those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

POINT, COMMA = ".", ","
LONGEST_CELL = 64  # characters; longer cells are no numbers
MISSING = frozenset({"", "-", "--", "–", "—", "n/a", "na", "null", "none", "nan"})
_DECORATION = str.maketrans({"−": "-", **dict.fromkeys("$€£¥₹₩₽₺'’ \u00a0\u202f\u2009\t", None)})
_CURRENCY = re.compile(r"[A-Z]{3}")
_OF_SIGN = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY"}
_OF_AMBIGUOUS_SIGN = {"$": "USD", "¥": "JPY"}  # where nothing else tells which dollar, which yuan
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?", re.ASCII)
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?", re.ASCII)  # 12,34,567 in India
_SIMPLE = re.compile(r"-?\d+(?:\.\d{1,2}|\.\d{4,})?", re.ASCII)  # most cells: digits whose sign is none but the decimal one
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


@dataclass
class Votes:
    """How many cells tell by themselves which sign is the decimal one, and how many may be read with either."""

    point: int = 0
    comma: int = 0
    either: int = 0

    @classmethod
    def of(cls, cells: Iterable[str]) -> Votes:
        """Those of some cells."""
        found = cls()
        for cell in cells:
            if POINT in cell or COMMA in cell:
                text = _bare(cell)
                sign = _sign_of(text)
                found.point += sign == POINT
                found.comma += sign == COMMA
                found.either += sign is None and _EITHER.fullmatch(text) is not None
        return found

    def __add__(self, other: Votes) -> Votes:
        return Votes(self.point + other.point, self.comma + other.comma, self.either + other.either)

    @property
    def sign(self) -> str | None:
        """The sign that most cells tell; None where none does."""
        return None if not self.point and not self.comma else COMMA if self.comma > self.point else POINT

    def differ(self, sign: str) -> bool:
        """Whether some cells tell another sign than the one with which others are read."""
        read, others = (self.point, self.comma) if sign == POINT else (self.comma, self.point)
        return others > 0 and read + self.either > 0


def sign_told(cell: str) -> str | None:
    """The decimal sign that a cell tells by itself; None where it tells none."""
    return _sign_of(_bare(cell)) if POINT in cell or COMMA in cell else None


def read_decimal(cell: str, sign: str) -> Decimal | None:
    """The number of a cell; None where it is none. `sign` is the decimal sign of cells that do not tell it by themselves.

    A number in parentheses, or with a minus behind it, is negative. A currency beside the number is left out.
    """
    text = cell.strip()
    if len(text) > LONGEST_CELL:
        return None
    if _SIMPLE.fullmatch(text):
        return Decimal(text)
    text = _bare(text)
    own = _sign_of(text) or sign
    grouping = COMMA if own == POINT else POINT
    if grouping in text:
        if (_POINT_GROUPS.fullmatch(text) if grouping == POINT else _COMMA_GROUPS.fullmatch(text)) is None:
            return None
        text = text.replace(grouping, "")
    if own == COMMA:
        text = text.replace(COMMA, POINT)
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def currency_beside(cell: str, column: str) -> str:
    """The currency of a number: that of its column, or what stands beside the number. Raises ValueError where the two differ."""
    if not cell or _PLAIN.fullmatch(cell):
        return column
    signs = [code for sign, code in _OF_SIGN.items() if sign in cell]
    told = [*_CURRENCY.findall(cell[: LONGEST_CELL + 1]), *signs]
    if len(set(told)) > 1 or (told and column and told[0] != column.upper()):
        raise ValueError(f"It is in {' and in '.join(sorted({*told, *([column] if column else [])}))}. A line is in one currency.")
    ambiguous = [code for sign, code in _OF_AMBIGUOUS_SIGN.items() if sign in cell]
    return column or next(iter([*told, *ambiguous]), "")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no number."""
    return cell.strip().lower() in MISSING


def _bare(cell: str) -> str:
    """A number without blanks, currency and apostrophes between thousands, its minus in front."""
    text = _CURRENCY.sub("", cell[: LONGEST_CELL + 1].translate(_DECORATION))
    if text.startswith("(") and text.endswith(")"):
        return f"-{text[1:-1]}"
    return f"-{text[:-1]}" if text.endswith("-") and len(text) > 1 else text


def _sign_of(text: str) -> str | None:
    """The decimal sign that a number tells by itself."""
    point, comma = text.rfind(POINT), text.rfind(COMMA)
    if point >= 0 and comma >= 0:
        return POINT if point > comma else COMMA
    if (point < 0 and comma < 0) or _EITHER.fullmatch(text):
        return None
    mark = POINT if point >= 0 else COMMA
    if text.count(mark) > 1:
        return COMMA if mark == POINT else POINT
    return mark
