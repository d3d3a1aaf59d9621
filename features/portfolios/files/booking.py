"""What a line of a file of transactions says, before its security has a ticker."""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.portfolio import Draft

_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", re.ASCII)


@dataclass(frozen=True)
class Security:
    """A security as a file names it; each part is empty where the file has none."""

    isin: str = ""
    symbol: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """What it is looked up by, with its name."""
        key = self.isin or self.symbol
        return f"{key} ({self.name})" if key and self.name else key or self.name

    @property
    def keys(self) -> tuple[str, ...]:
        """What a ticker may be given for, the most telling first."""
        return tuple(key for key in (self.isin, self.symbol.upper(), self.name) if key)


@dataclass(frozen=True)
class Booking:
    """A transaction of a file, with the line that it stands on.

    The draft has no ticker, and an empty currency where the file does not tell it; `security` is None where there is none.
    """

    line: int
    draft: Draft
    security: Security | None = None


def is_isin(text: str) -> bool:
    """Whether a text has the form of an ISIN."""
    return _ISIN.fullmatch(text) is not None


def security_of(isin: str, symbol: str, name: str) -> Security | None:
    """The security of these cells; None where all are empty. A symbol that is an ISIN counts as one."""
    isin = isin.upper()
    if not isin and is_isin(symbol.upper()):
        isin, symbol = symbol.upper(), ""
    return Security(isin, symbol, name) if isin or symbol or name else None
