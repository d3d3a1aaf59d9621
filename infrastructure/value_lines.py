"""Whatever has a value each day: a ticker, a portfolio or an index. One reference names any of them: a ticker, or an id of the others.

Features offer readers of their own (`Feature.lines`), so that portfolios, indexes and risk can measure against each other without knowing
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from models.errors import BellwetherError, NotFound, TickerNotFound
from utils.ids import is_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from database import AnyReader


class LineKind(StrEnum):
    """The kinds of what has a value each day."""

    TICKER = "ticker"
    PORTFOLIO = "portfolio"
    INDEX = "index"


class LineNotFound(NotFound):
    """There is no portfolio and no index with this id. It may have been deleted; see GET /api/v1/portfolios and GET /api/v1/indexes."""

    code = "line_not_found"


@dataclass(frozen=True)
class ValueLine:
    """The values of something by day, all positive: the growth of what was in it at first, without what came or went from outside.

    `days` are datetime64[D], ascending, and `values` float64, both of shape (n,), n ≥ 1. Distributions count as growth where the line is
    `adjusted`. `currency` is None where it is not known. Lines with one `digest` have the same days and values.
    """

    reference: str
    kind: LineKind
    name: str | None
    currency: str | None
    days: NDArray[np.datetime64]
    values: NDArray[np.float64]
    adjusted: bool
    digest: str


# Reads the line of a ticker or of an id, given an organization's id; None for one that there is not.
LineReader: TypeAlias = "Callable[[AnyReader, int, str], ValueLine | None]"
LineReaders: TypeAlias = Mapping[LineKind, LineReader]


@dataclass(frozen=True)
class ValueLines:
    """The lines of all features."""

    readers: LineReaders

    @classmethod
    def joined(cls, all_of_them: Iterable[LineReaders]) -> ValueLines:
        """Those of several features as one."""
        return cls({kind: read for each in all_of_them for kind, read in each.items()})

    def find(self, connection: AnyReader, org_id: int, reference: str) -> ValueLine:
        """The line that a reference names. Raises TickerNotFound, LineNotFound, or what its reader raises."""
        by_id = is_id(reference)
        for kind, read in self.readers.items():
            if by_id is not (kind is LineKind.TICKER) and (line := read(connection, org_id, reference)) is not None:
                return line
        raise LineNotFound if by_id else TickerNotFound(reference)

    def has(self, connection: AnyReader, org_id: int, reference: str) -> bool:
        """Whether there is what a reference names, with values or without."""
        try:
            self.find(connection, org_id, reference)
        except (LineNotFound, TickerNotFound):
            return False
        except BellwetherError:
            return True  # what it lacks may come
        return True
