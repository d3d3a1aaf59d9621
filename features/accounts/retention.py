"""Removes what has expired: sessions, links, challenges, and tries to sign in."""

from __future__ import annotations

from database import Database
from features.accounts.store import challenge as challenge_store
from features.accounts.store import link as link_store
from features.accounts.store import session as session_store
from features.accounts.tries import Tries
from infrastructure.sql.batches import delete_in_batches
from utils.clock import now


def prune_sessions(database: Database) -> int:
    """Remove sessions past their expiry, whether they had ended earlier or not; return how many."""
    moment = now()
    return delete_in_batches(database, lambda connection, limit: session_store.delete_expired(connection, moment, limit))


def prune_links(database: Database) -> int:
    """Remove links past their expiry, used or not; return how many."""
    moment = now()
    return delete_in_batches(database, lambda connection, limit: link_store.delete_expired(connection, moment, limit))


def prune_challenges(database: Database) -> int:
    """Remove challenges that would have expired by now; return how many."""
    moment = now()
    return delete_in_batches(database, lambda connection, limit: challenge_store.delete_expired(connection, moment, limit))


def prune_tries(database: Database) -> int:
    """Remove tries that count no more; return how many."""
    return Tries(database).prune()
