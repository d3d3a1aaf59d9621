"""Keeps the files that were uploaded as they were sent: the newest of each ticker and the newest imports, for a while.

The file is written to the storage before anything else, and its row is kept by the transaction that stores the prices, or that queues the
job of an import. So there is no original of what was refused, and no prices without their original: while the storage is away an upload is
refused, unless ORIGINALS_KEPT_DAYS is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

from sqlalchemy import Connection

from features.files import service as files_service
from features.files.service import Files, files_of
from features.prices.files.source import ARCHIVE
from features.prices.files.workbook import MIMETYPE as WORKBOOK
from infrastructure.foundation import Foundation
from models.stored_file import NewFile, Purpose
from utils.clock import now

MOST_KEPT = 10  # of a ticker's uploads, and of imports
IMPORTS = "imports"  # the series of imports; that of a ticker begins with TICKER
TICKER = "ticker:"

# Keeps a file in a transaction; returns its id, or None where it is not kept.
Keep = Callable[[Connection], str | None]


@dataclass(frozen=True)
class Originals:
    """Keeps originals for `kept_days`, 0 for not at all, in the name of a key."""

    files: Files
    kept_days: int
    created_by: str

    @classmethod
    def of(cls, foundation: Foundation, created_by: str) -> Originals:
        """As the settings say."""
        return cls(files_of(foundation), foundation.settings.originals_kept_days, created_by)

    @contextmanager
    def of_ticker(self, org_id: int, ticker: str, raw: bytes) -> Iterator[Keep]:
        """Write the file of a ticker. One like the newest original is not kept again. Raises StorageAway."""
        suffix, content_type = ("xlsx", WORKBOOK) if raw.startswith(ARCHIVE) else ("csv", "text/csv")
        with self._writing(org_id, f"{TICKER}{ticker}", (f"{ticker}.{suffix}", content_type), raw) as draft:

            def keep(connection: Connection) -> str | None:
                if draft is None or files_service.is_newest(connection, Purpose.UPLOAD, f"{TICKER}{ticker}", draft.written):
                    return None
                draft.keep(connection, [ticker])
                files_service.remove_older(connection, org_id, Purpose.UPLOAD, f"{TICKER}{ticker}", MOST_KEPT)
                return draft.id

            yield keep

    @contextmanager
    def of_import(self, org_id: int, raw: bytes) -> Iterator[Keep]:
        """Write the archive or table of an import, whose tickers are noted as each is stored. Raises StorageAway."""
        suffix, content_type = ("zip", "application/zip") if raw.startswith(ARCHIVE) else ("csv", "text/csv")
        with self._writing(org_id, IMPORTS, (f"prices.{suffix}", content_type), raw) as draft:

            def keep(connection: Connection) -> str | None:
                if draft is None:
                    return None
                draft.keep(connection)
                files_service.remove_older(connection, org_id, Purpose.UPLOAD, IMPORTS, MOST_KEPT)
                return draft.id

            yield keep

    @contextmanager
    def _writing(self, org_id: int, series: str, called: tuple[str, str], raw: bytes) -> Iterator[files_service.Draft | None]:
        """`called` is the name and the type of the file."""
        if not self.kept_days:
            yield None
            return
        expires_at = now() + timedelta(days=self.kept_days)
        new = NewFile(org_id, Purpose.UPLOAD, series, *called, self.created_by, expires_at)
        with self.files.writing(new, BytesIO(raw)) as draft:
            yield draft
