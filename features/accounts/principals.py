"""Callers as they are cached."""

from __future__ import annotations

from functools import lru_cache

from models.access import SCOPES_OF, Principal, Role, Scope, joined, parted
from models.api_key import FIRST_ORG, MASTER
from utils.json_text import dump, parse_tolerant

OPERATOR = Principal(FIRST_ORG, frozenset(Scope), key_id=MASTER, is_operator=True)  # the holder of the master key
_scopes = lru_cache(parted)  # few sets are in use, and every request of a page needs one
NONE: frozenset[Scope] = frozenset()


def scopes_of_key(scopes: frozenset[Scope], user_id: str | None, role: Role | None) -> frozenset[Scope]:
    """What a key may do: its scopes, and of a person's key those that the person has in its organization."""
    if user_id is None:
        return scopes
    return scopes & SCOPES_OF[role] if role is not None else NONE


def packed(principal: Principal) -> bytes:
    """A principal for a cache."""
    fields = (principal.org_id, joined(principal.scopes), principal.key_id, principal.user_id, principal.session_id)
    return dump([*fields, principal.role, principal.is_operator])


def unpacked(data: bytes) -> Principal:
    """The principal that was packed."""
    org_id, scopes, key_id, user_id, session_id, role, is_operator = parse_tolerant(data)
    return Principal(org_id, _scopes(scopes), key_id, user_id, session_id, None if role is None else Role(role), is_operator)
