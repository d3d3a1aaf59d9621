"""What callers may do: the roles of people in an organization, the scopes of keys, and the caller itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a route needs, and what a key may do. No scope contains another."""

    READ = "read"
    ANALYSE = "analyse"
    MANAGE = "manage"
    ADMIN = "admin"
    MCP = "mcp"


class Role(StrEnum):
    """What a person is in an organization."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


SCOPES_OF: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: frozenset({Scope.READ, Scope.MCP}),
    Role.ANALYST: frozenset({Scope.READ, Scope.ANALYSE, Scope.MANAGE, Scope.MCP}),
    Role.ADMIN: frozenset(Scope),
}
KEY_SCOPES = SCOPES_OF[Role.ANALYST]  # of a key that was made without a choice, and of those from before there was one


@dataclass(frozen=True)
class Principal:
    """The authenticated caller: the organization that it acts for, who it is, and what it may do.

    A key has `key_id` (`master` for the master key) and, where it is a person's, `user_id`. A signed-in person has `user_id` and the
    `session_id` of the sign-in. `is_operator` is the master key, and a person who looks after the whole installation.
    """

    org_id: int
    scopes: frozenset[Scope]
    key_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    role: Role | None = None
    is_operator: bool = False

    @property
    def actor_id(self) -> str:
        """The id under which it is written down what the caller did: the key's, else the person's."""
        actor = self.key_id or self.user_id
        assert actor is not None, "a caller is a key or a person"
        return actor

    @property
    def is_in_person(self) -> bool:
        """Whether a person acts by a sign-in of their own, not a program with a key."""
        return self.key_id is None


def joined(scopes: Iterable[Scope]) -> str:
    """Scopes as one text, in the order of their definition."""
    wanted = frozenset(scopes)
    return " ".join(scope for scope in Scope if scope in wanted)


def parted(text: str) -> frozenset[Scope]:
    """The scopes in a text of `joined`."""
    return frozenset(map(Scope, text.split()))
