"""Databases as an earlier version left them, for tests of migrations."""

from __future__ import annotations

import shutil
from pathlib import Path

import db_migrations
from features.prices.providers.sample import SampleProvider
from kit.jobs import insert
from models.api_key import SHARED_ORG
from models.price_series import PackedBars, SeriesDescription, head_of
from utils.clock import now

COLUMNS = ("org_id", "ticker", "name", "provider", "adjusted", "bars", "first_day", "last_day", "sha256")


def migrate_to(version: int, tmp_path: Path) -> None:
    """Apply the migrations up to a version to the process-wide database."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in db_migrations.FOLDER.glob("*.sql"):
        if int(path.name[:4]) <= version:
            shutil.copy(path, folder)
    assert len(db_migrations.up(folder)) == version


def store_sample() -> dict[str, PackedBars]:
    """Store the sample series with the columns that every version has; return their bars by ticker."""
    stored = {}
    for series in SampleProvider().series():
        packed = stored[series.ticker] = PackedBars.pack(series.bars)
        head = head_of(SeriesDescription(SHARED_ORG, series.ticker, series.name, "sample", series.adjusted), packed)
        insert("price_series", {**{column: getattr(head, column) for column in COLUMNS}, "data": packed.data, "updated_at": now()})
    return stored
