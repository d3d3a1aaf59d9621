"""What whoever switched something is called, for the answers about it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from features.accounts.service import names_of_actors
from models.api_key import MASTER

THE_MASTER_KEY, NOBODY_ANY_MORE = "the master key", "somebody who is no longer here"


def spoken_names(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """A name for each of the ids under which it is written down what people and keys did, also of those that there are no more."""
    known = names_of_actors(connection, ids)
    return {each: THE_MASTER_KEY if each == MASTER else known.get(each, NOBODY_ANY_MORE) for each in ids}
