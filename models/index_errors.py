"""Errors of indexes."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import BellwetherError, Conflict, NotFound
from models.index import REVISIONS_KEPT

_LISTED = 5


class IndexNotFound(NotFound):
    """There is no index with this id. It may have been deleted; see GET /api/v1/indexes."""


class NoIndexes(IndexNotFound):
    """There are no indexes. Make one first, see POST /api/v1/indexes."""


class RevisionNotFound(IndexNotFound):
    """The index was not computed as often, or that computation is no longer kept."""

    def __init__(self, revision: int, newest: int) -> None:
        if revision > newest:
            super().__init__(f"The index has no revision {revision}; the newest one is {newest}.")
        else:
            super().__init__(f"Revision {revision} of the index is no longer kept: the newest {REVISIONS_KEPT} are, up to {newest}.")


class IndexExists(Conflict):
    """The organization has an index of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is an index called '{name}' already. Names are compared without regard to capitals.")


class TooManyIndexes(Conflict):
    """The organization has as many indexes as can be stored."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} indexes, which is the most that are stored. Delete one first.")


class IndexChanged(Conflict):
    """Somebody else changed the index, or published its values, at the same time. Read it and try again."""


class FixedRule(Conflict):
    """What levels are computed from cannot change once they are published."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} of an index cannot change: what is published would be another index. Make a new one.")


class IndexInvalid(BellwetherError):
    """The index cannot be computed by these rules."""

    code = "index_invalid"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def too_many_members(count: int, most: int) -> IndexInvalid:
    """For more members than an index may have."""
    return IndexInvalid("members", f"There would be {count:,} members; an index has at most {most:,}. Name a smaller universe.")


def no_member(left_out: Sequence[str]) -> IndexInvalid:
    """For an index that can hold nobody on any day; `left_out` are reasons."""
    reasons = " ".join(dict.fromkeys(left_out))
    return IndexInvalid("members", f"On no day can any member be held. {reasons}".strip())


def cap_too_low(field: str, cap: float, most: float, of: str) -> IndexInvalid:
    """For a cap under which not everything can be invested: with these members only `most` of it."""
    return IndexInvalid(field, f"A cap of {cap:.4g} cannot hold with {of}: they can have {most:.4g} in all. Raise it, or add members.")


def currencies_differ(currencies: Sequence[str], *, is_stored: bool) -> IndexInvalid:
    """For members in several currencies without one for the index, which cannot be given to an index that is stored."""
    shown = ", ".join(currencies[:_LISTED])
    if is_stored:
        remedy = "The index has no currency, and none can be given to it: name members of one currency, or make a new index with one."
        return IndexInvalid("members", f"The members trade in {shown}. {remedy}")
    return IndexInvalid("currency", f"The members trade in {shown}. Say the currency of the index, into which they are converted.")
