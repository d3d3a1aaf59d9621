"""Tries a storage: writes, reads and removes an object."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO

from infrastructure.integration import Step, unnoticed
from infrastructure.storage.base import PROBE_CONTENT, PROBE_FOLDER, Receipt, Storage, measure
from models.storage_errors import ObjectMissing, StorageAway
from utils.ids import new_id


def try_storage(storage: Storage, step: Step = unnoticed) -> None:
    """Write, read and remove an object, each as a step. Raises StorageAway."""
    key = f"{PROBE_FOLDER}/{new_id()}"
    with step("write"):
        written = storage.put(key, BytesIO(PROBE_CONTENT))
    try:
        with step("read back"):
            _compare(storage, key, written)
    finally:
        with step("delete"):
            storage.delete(key)


def _compare(storage: Storage, key: str, written: Receipt) -> None:
    try:
        content = storage.open(key)
    except ObjectMissing as error:
        raise StorageAway("The storage of files does not have what was just written there.") from error
    try:
        if measure(content) != written:
            raise StorageAway("The storage of files gives other bytes than were written there.")
    finally:
        content.close()


class StorageTrial:
    """Tries a storage, and after a success not again for some seconds: a bucket bills each call. Thread-safe."""

    def __init__(self, storage: Storage, fresh_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage, self._fresh_seconds, self._clock = storage, fresh_seconds, clock
        self._good_until = float("-inf")

    def run(self) -> None:
        """Raises StorageAway."""
        if self._clock() >= self._good_until:
            try_storage(self._storage)
            self._good_until = self._clock() + self._fresh_seconds
