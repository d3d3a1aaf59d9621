"""Saved screens: lists of the screener under a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from database import Database
from features.analyses.store import saved_screen as screen_store
from features.strategies.service import require_known
from infrastructure.audit import note
from models.errors import ScreenExists, ScreenNotFound, TooManyScreens
from models.screen import SavedScreen
from utils.clock import now
from utils.ids import is_id, new_id

MOST_SCREENS = 100  # of an organization


def find_screen(database: Database, org_id: int, screen_id: str) -> SavedScreen:
    """One screen. Raises ScreenNotFound."""
    with database.reader() as connection:
        screen = screen_store.find(connection, org_id, screen_id) if is_id(screen_id) else None
    if screen is None:
        raise ScreenNotFound(screen_id)
    return screen


def save_screen(database: Database, org_id: int, name: str, query: dict[str, Any], most: int = MOST_SCREENS) -> SavedScreen:
    """Save a query under a name. Raises ScreenExists, TooManyScreens or StrategyUnknown."""
    moment = now()
    screen = SavedScreen(new_id(), name, query, moment, moment)
    with database.transaction() as connection:
        screen_store.lock_screens(connection, org_id)
        require_known(connection, org_id, query.get("strategy"))
        if screen_store.count(connection, org_id) >= most:
            raise TooManyScreens(most)
        if not screen_store.insert(connection, org_id, screen):
            raise ScreenExists(name)
        note(connection, target=f"screens/{screen.id}")
    return screen


def change_screen(database: Database, org_id: int, screen_id: str, name: str | None, query: dict[str, Any] | None) -> SavedScreen:
    """Rename a screen or replace its query; None leaves it. Raises ScreenNotFound, ScreenExists or StrategyUnknown."""
    with database.transaction() as connection:
        screen_store.lock_screens(connection, org_id)
        screen = screen_store.find(connection, org_id, screen_id) if is_id(screen_id) else None
        if screen is None:
            raise ScreenNotFound(screen_id)
        require_known(connection, org_id, (query or {}).get("strategy"))
        changed = replace(
            screen, name=screen.name if name is None else name, query=screen.query if query is None else query, updated_at=now()
        )
        if not screen_store.update(connection, org_id, changed):
            raise ScreenExists(changed.name)
        note(connection, before=screen, after=changed)
    return changed


def delete_screen(database: Database, org_id: int, screen_id: str) -> None:
    """Delete a screen. Raises ScreenNotFound."""
    with database.transaction() as connection:
        screen = screen_store.find(connection, org_id, screen_id) if is_id(screen_id) else None
        if screen is None or not screen_store.delete(connection, org_id, screen_id):
            raise ScreenNotFound(screen_id)
        note(connection, before=screen)
