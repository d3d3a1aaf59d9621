"""What belongs to an organization or to a person, table by table, as features declare it: for exporting all of it, and for removing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from infrastructure.feature import Feature

Row: TypeAlias = dict[str, Any]


class Shown(StrEnum):
    """Whose export has the rows of a table: a person's, an organization's and its members', or nobody's."""

    TO_ALL = "all"
    TO_PERSON = "person"
    TO_NOBODY = "nobody"


@dataclass(frozen=True)
class Belonging:
    """A table with rows of organizations or of people.

    - `table` and `key`: its name, and the columns that name a row.
    - `organization`: the column with the id of the organization whose a row is; None where rows are no organization's.
    - `person`: the column with the id of the person whose a row is. Such a row goes with its person by a foreign key.
    - `through`: the column and the table of what a row is a part of, where that has the organization: `("job_id", "analysis_jobs")`.
    - `hidden`: columns that no export has, because they are secrets or mean nothing outside.
    - `shown`, and `show`: whose export has the rows, and what an export has of a row in place of its columns.
    - `is_removed`: whether the removal of an organization deletes the rows in batches; those of other tables go another way.
    - `outlives`: whether rows stay when their organization or person is removed.
    - `rows`: how many are read, or deleted, at once; fewer of large ones.
    """

    table: str
    key: tuple[str, ...] = ("id",)
    organization: str | None = "org_id"
    person: str | None = None
    through: tuple[str, str] | None = None
    hidden: tuple[str, ...] = ()
    shown: Shown = Shown.TO_ALL
    show: Callable[[Row], Row] = lambda row: row
    is_removed: bool = True
    outlives: bool = False
    rows: int = 200


@dataclass(frozen=True)
class Belongings:
    """What all features declare, in the order in which it is removed: a row before those that it refers to."""

    tables: Sequence[Belonging]

    @classmethod
    def of(cls, features: Iterable[Feature]) -> Belongings:
        """Those of features, which are given from the bottom layer up."""
        return cls([each for feature in reversed(tuple(features)) for each in feature.belongings])

    @property
    def of_organizations(self) -> list[Belonging]:
        """The tables with rows of organizations."""
        return [each for each in self.tables if each.organization is not None]

    @property
    def of_people(self) -> list[Belonging]:
        """The tables with rows of people."""
        return [each for each in self.tables if each.person is not None]
