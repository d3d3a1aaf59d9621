"""Universes: sets of tickers that a request names instead of listing them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from models.errors import Conflict, NotFound
from models.watchlist import DEFAULT_LIST

ALL, WATCHLIST = "all", "watchlist"
BUILT_IN = (ALL, WATCHLIST)
LIST_PREFIX = f"{WATCHLIST}:"  # of the name of a watch list as a universe, before its id
PORTFOLIO = "portfolio"
PORTFOLIO_PREFIX = f"{PORTFOLIO}:"  # of the name of what a portfolio holds as a universe, before its id
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UNIVERSE_PATTERN = rf"^(?:[a-z0-9_-]{{1,40}}|{LIST_PREFIX}(?:{DEFAULT_LIST}|{_ID})|{PORTFOLIO_PREFIX}{_ID})$"
MOST_TICKERS = 20_000  # of a universe
_NAME = re.compile(UNIVERSE_PATTERN)
_LISTED = 5  # names that an error tells


def checked_universe(name: str) -> str:
    """The name. Raises ValueError for one that no universe has."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            "The name of a universe has 1 to 40 characters: a to z in small letters, digits, - and _. That of a watch list is "
            f"{LIST_PREFIX} and its id, that of a portfolio {PORTFOLIO_PREFIX} and its id."
        )
    return name


def list_id_of(name: str) -> str | None:
    """The id of the watch list that a universe is; None for any other."""
    return DEFAULT_LIST if name == WATCHLIST else name.removeprefix(LIST_PREFIX) if name.startswith(LIST_PREFIX) else None


def portfolio_id_of(name: str) -> str | None:
    """The id of the portfolio whose holdings a universe is; None for any other."""
    return name.removeprefix(PORTFOLIO_PREFIX) if name.startswith(PORTFOLIO_PREFIX) else None


def is_built_in(name: str) -> bool:
    """Whether a name is one under which nothing can be stored: features say what it has."""
    return name == ALL or list_id_of(name) is not None or portfolio_id_of(name) is not None


@dataclass(frozen=True)
class Universe:
    """A set of tickers: its name, how many it has, and when it was last replaced, which is not known of the built-in ones."""

    name: str
    tickers: int
    built_in: bool
    updated_at: datetime | None


class UniverseNotFound(NotFound):
    """There is no such universe."""

    code = "universe_not_found"

    def __init__(self, name: str, others: list[str]) -> None:
        """`others` are the names of some that exist."""
        self.name = name
        if name.startswith(LIST_PREFIX):
            super().__init__(f"There is no watch list with the id of '{name}'. It may have been deleted; see GET /api/v1/watchlists.")
            return
        if name.startswith(PORTFOLIO_PREFIX):
            super().__init__(f"There is no portfolio with the id of '{name}'. It may have been deleted; see GET /api/v1/portfolios.")
            return
        known = [*BUILT_IN, *others]
        more = " and more" if len(known) > _LISTED else ""
        super().__init__(
            f"There is no universe '{name}'. There are {', '.join(known[:_LISTED])}{more}; PUT /api/v1/universes/{name} stores one."
        )


class UniverseBuiltIn(Conflict):
    """The universe belongs to the service."""

    def __init__(self, name: str) -> None:
        self.name = name
        of = {ALL: "every ticker with prices", WATCHLIST: "the tickers of the watchlist"}.get(name, "those of a list or a portfolio")
        super().__init__(f"'{name}' is always {of}, and can be neither replaced nor deleted. Choose another name.")


class TooManyUniverses(Conflict):
    """The organization has as many universes as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"There are {most} universes, which is the most that are stored. Delete one first.")
