"""The first sheet of an Excel workbook as rows of text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from features.prices.files.faults import Faults
from features.prices.files.source import ARCHIVE
from features.prices.files.table import MOST_COLUMNS, MOST_LINES, Record
from models.price_errors import PriceQuality

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CONTENTS = "xl/workbook.xml"
MOST_BYTES = 20_000_000  # of all parts, unpacked


def is_workbook(raw: bytes) -> bool:
    """Whether a file is a workbook of Excel 2007 or later: an archive with its parts."""
    return raw.startswith(ARCHIVE) and any(part.filename == _CONTENTS for part in _parts(raw))


def read_workbook(raw: bytes, faults: Faults) -> list[Record]:
    """The rows of the first sheet up to their last cell, with their numbers. Raises PriceQuality.

    Dates become YYYY-MM-DD, formulas the values that are stored with them.
    """
    unpacked = sum(part.file_size for part in _parts(raw))
    if unpacked > MOST_BYTES:
        faults.refuse(1, None, f"the workbook has {unpacked / 1e6:,.0f} MB unpacked; at most {MOST_BYTES / 1e6:,.0f} are read.")
    try:
        return list(_rows(raw, faults))
    except PriceQuality:
        raise
    except Exception:  # noqa: BLE001 — of parts that are missing or damaged, openpyxl raises whatever it meets
        faults.refuse(1, None, "the workbook is damaged. Save it again, or as CSV.")


def _parts(raw: bytes) -> list[zipfile.ZipInfo]:
    """What an archive says of its parts; nothing where it cannot be read."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            return archive.infolist()
    except Exception:  # noqa: BLE001 — of a damaged directory, zipfile raises whatever it meets
        return []


def _rows(raw: bytes, faults: Faults) -> Iterator[Record]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # noqa: PLC0415 — takes 10 MB that a service without workbooks saves

    book = load_workbook(BytesIO(raw), read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a workbook says of its size need not be true
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
            if number > MOST_LINES:
                faults.refuse(number, None, f"the sheet has more than {MOST_LINES:,} rows.")
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            yield number, cells
    finally:
        book.close()


def _text(value: Any) -> str:
    if value is None or isinstance(value, time):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
