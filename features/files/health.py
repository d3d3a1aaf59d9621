"""The health check of the storage."""

from __future__ import annotations

from infrastructure.storage.base import Storage
from infrastructure.storage.probing import StorageTrial
from models.health import Finding, Probe, good

REMEDY = (
    "See that STORAGE_URL names the right place, that this account may write there and that there is room; in a bucket, that the "
    "credentials hold. Meanwhile uploads are refused, and reports wait; everything else is served."
)
FRESH_SECONDS = 30.0


def storage_probe(storage: Storage) -> Probe:
    """A probe that writes, reads and removes an object. Not critical: prices and results are served without the storage."""
    trial = StorageTrial(storage, FRESH_SECONDS)

    def look() -> Finding:
        trial.run()
        return good(f"Files can be written to {storage.description}.")

    return Probe("storage", look, REMEDY, is_critical=False)
