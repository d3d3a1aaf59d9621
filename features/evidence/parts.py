"""Adds up the parts of a calibration: by workers while its job runs, so that they do not pile up, and when it has ended."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection

from analysis.calibration import Sums
from database import AnyReader, Database
from features.evidence.store import calibration as calibration_store
from utils.ids import new_id

GATHERED = 24  # as many parts become one
READ = 24  # at once


class PartsChanged(Exception):
    """Somebody else has added up some of the parts meanwhile."""


def gather(database: Database, calibration_id: str, horizons: int, gathered: int = GATHERED) -> None:
    """Make one part of many, where there are so many."""
    with database.reader() as connection:
        if calibration_store.count_parts(connection, calibration_id, gathered) < gathered:
            return
        parts = calibration_store.list_parts(connection, calibration_id, "", gathered)
    sums = Sums.merged((Sums.unpack(data) for _, data in parts), horizons).pack()
    with suppress(PartsChanged), database.transaction() as transaction:
        drop(transaction, calibration_id, [part_id for part_id, _ in parts])
        calibration_store.insert_part(transaction, calibration_id, new_id(), sums)


def add_up(connection: AnyReader, calibration_id: str, horizons: int) -> tuple[Sums, list[str]]:
    """All that was counted so far, and the ids of the parts that are in it beside the sums that are stored."""
    before = calibration_store.find_sums(connection, calibration_id)
    sums = Sums.merged([] if before is None else [Sums.unpack(before)], horizons)
    added: list[str] = []
    while True:
        parts = calibration_store.list_parts(connection, calibration_id, added[-1] if added else "", READ)
        for part_id, data in parts:
            sums.add(Sums.unpack(data))
            added.append(part_id)
        if len(parts) < READ:
            return sums, added


def drop(connection: Connection, calibration_id: str, parts: list[str]) -> None:
    """Delete parts that were added up. Raises PartsChanged, which must undo the caller's transaction, where one is there no more."""
    if calibration_store.delete_parts(connection, calibration_id, parts) != len(parts):
        raise PartsChanged
