"""The product's parts in the process of a benchmark, over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import database
import db_migrations
from config import Settings
from features import load_features
from infrastructure.foundation import Foundation


@contextmanager
def open_foundation(url: str, folder: Path) -> Iterator[Foundation]:
    """What all features share, over a database that is migrated; it is closed at the end."""
    settings = Settings.load(database_url=url, data_dir=folder, log_level="error", load_sample=False)
    foundation = Foundation.of(settings, load_features(settings), database.DatabaseOptions.of(settings))
    with closing(foundation.database):
        db_migrations.ensure_schema(True)
        yield foundation
