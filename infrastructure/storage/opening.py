"""The storage of a process."""

from __future__ import annotations

from config import Settings
from infrastructure.foundation import Foundation
from infrastructure.storage.base import Storage
from infrastructure.storage.local import LocalStorage
from models.storage_place import Bucket, Folder, Place, place_of

FOLDER = "storage"  # in DATA_DIR, where STORAGE_URL is unset


def place_of_files(settings: Settings) -> Place:
    """Where files are kept."""
    return place_of(settings.storage_url) if settings.storage_url is not None else Folder(settings.data_dir.absolute() / FOLDER)


def storage_of(foundation: Foundation) -> Storage:
    """The storage, made once in a process."""
    return foundation.part(_open)


def _open(foundation: Foundation) -> Storage:
    settings = foundation.settings
    place = place_of_files(settings)
    if isinstance(place, Bucket):
        from infrastructure.storage.s3 import S3Storage  # noqa: PLC0415 — only where files are kept in a bucket

        return S3Storage(place)
    return LocalStorage(place.path, settings.resolve_secret_key)
