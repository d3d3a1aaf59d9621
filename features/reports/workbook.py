"""Excel workbooks, written row by row to a temporary file: memory does not grow with their size. Text is never a formula."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import IO, Any

from infrastructure.temporary_folder import temporary_folder
from utils.cancellation import Check, always_wanted

CellValue = str | int | float | date | datetime | None

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FIRST_EXCEL_YEAR = 1900
ROWS_BETWEEN_CHECKS = 200
_FORMULA_STARTS = ("=", "+", "-", "@")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_UNSAFE_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]")


class Style(StrEnum):
    """How a cell looks."""

    PLAIN = "plain"
    LONG_TEXT = "long text"
    HEADER = "header"
    LABEL = "label"
    WHOLE = "whole"
    DECIMAL = "decimal"
    MONEY = "money"
    RATIO = "ratio"
    SCORE = "score"
    SCORE_CHANGE = "score change"
    PERCENT = "percent"
    SHARE = "share"
    SHARE_CHANGE = "share change"
    DATE = "date"
    MOMENT = "moment"


_PROPERTIES: dict[Style, dict[str, Any]] = {
    Style.PLAIN: {},
    Style.LONG_TEXT: {"text_wrap": True},
    Style.HEADER: {"bold": True, "bg_color": "#E8ECF1", "bottom": 1},
    Style.LABEL: {"bold": True},
    Style.WHOLE: {"num_format": "#,##0"},
    Style.DECIMAL: {"num_format": "#,##0.00##"},
    Style.MONEY: {"num_format": "#,##0.00"},
    Style.RATIO: {"num_format": "0.00"},
    Style.SCORE: {"num_format": "0.000"},
    Style.SCORE_CHANGE: {"num_format": "+0.000;-0.000;0.000"},
    Style.PERCENT: {"num_format": "+0.00;-0.00;0.00"},
    Style.SHARE: {"num_format": "0.0%"},
    Style.SHARE_CHANGE: {"num_format": "+0.0%;-0.0%;0.0%"},
    Style.DATE: {"num_format": "yyyy-mm-dd"},
    Style.MOMENT: {"num_format": "yyyy-mm-dd hh:mm:ss"},
}


@dataclass(frozen=True)
class Column:
    """A column of a sheet; the width is in characters."""

    title: str
    width: float
    style: Style = Style.PLAIN
    align: str | None = None


@dataclass(frozen=True)
class WorkbookFile:
    """A complete workbook and its file name for the client. The file has no name on disk; closing `content` deletes it."""

    name: str
    content: IO[bytes]


class Sheet:
    """A sheet under construction: rows are appended below a frozen header."""

    def __init__(self, book: Book, worksheet: Any, columns: Sequence[Column]) -> None:
        self.worksheet = worksheet
        self.columns = columns
        self.rows = 0  # without the header
        self._book = book
        for index, column in enumerate(columns):
            worksheet.set_column(index, index, column.width)
            self._write(0, index, column.title, Style.HEADER, None)
        worksheet.freeze_panes(1, 0)
        worksheet.set_landscape()
        worksheet.repeat_rows(0)
        worksheet.fit_to_pages(1, 0)

    def append(self, *values: CellValue, styles: Sequence[Style | None] = ()) -> None:
        """Write the next row. None, NaN and infinities leave the cell blank; `styles` overrides the columns' styles.

        Every ROWS_BETWEEN_CHECKS rows the workbook's `check` is called.
        """
        self.rows += 1
        if self.rows % ROWS_BETWEEN_CHECKS == 0:
            self._book.check()
        for index, value in enumerate(values):
            if value is None:
                continue
            override = styles[index] if index < len(styles) else None
            column = self.columns[index]
            self._write(self.rows, index, value, override or column.style, column.align)

    def add_filter(self) -> None:
        """Add Excel's sort and filter buttons to every column."""
        self.worksheet.autofilter(0, 0, self.rows, len(self.columns) - 1)

    def index_of(self, title: str) -> int:
        """The index of a column, from 0."""
        return [column.title for column in self.columns].index(title)

    def _write(self, row: int, index: int, value: str | float | date, style: Style, align: str | None) -> None:
        if isinstance(value, datetime):
            value = value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, date) and value.year < FIRST_EXCEL_YEAR:
            value = value.isoformat()
        if value == "":
            return
        if isinstance(value, str):
            text = cell_text(value)
            self.worksheet.write_string(row, index, text, self._book.format(style, align, text.startswith(_FORMULA_STARTS)))
        elif isinstance(value, datetime):
            self.worksheet.write_datetime(row, index, value, self._book.format(Style.MOMENT, align))
        elif isinstance(value, date):
            self.worksheet.write_datetime(row, index, value, self._book.format(Style.DATE, align))
        elif math.isfinite(value):
            self.worksheet.write_number(row, index, value, self._book.format(style, align))


class Book:
    """A workbook under construction; `check` raises when the client is gone."""

    def __init__(self, workbook: Any, check: Check) -> None:
        self.workbook = workbook
        self.check = check
        self._formats: dict[tuple[Style, str | None, bool], Any] = {}

    def add_sheet(self, name: str, columns: Sequence[Column]) -> Sheet:
        """Add a sheet with a header."""
        return Sheet(self, self.workbook.add_worksheet(name), columns)

    def format(self, style: Style, align: str | None, quoted: bool = False) -> Any:
        """A cell format, cached. `quoted` sets Excel's quote prefix: text stays text also after somebody edits the cell."""
        key = (style, align, quoted)
        if key not in self._formats:
            alignment = {"align": align} if align else {}
            self._formats[key] = self.workbook.add_format({"valign": "top", **_PROPERTIES[style], **alignment, "quote_prefix": quoted})
        return self._formats[key]


def write_workbook(name: str, fill: Callable[[Book], None], check: Check = always_wanted) -> WorkbookFile:
    """Write a workbook whose sheets `fill` adds; the caller closes its file.

    Rows pass through a private temporary folder, which is deleted afterwards, also after an error. Raises what `check` raises.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 — imported by the first report, not at start

    with ExitStack() as undo:
        content = undo.enter_context(tempfile.TemporaryFile())
        with temporary_folder() as folder:
            workbook = Workbook(content, {**OPTIONS, "tmpdir": folder})
            try:
                fill(Book(workbook, check))
                check()
                workbook.close()
            finally:
                _close_row_files(workbook)
        content.seek(0)
        undo.pop_all()  # the caller closes it
    return WorkbookFile(f"{_UNSAFE_IN_FILE_NAMES.sub('_', name)}.xlsx", content)


def cell_text(text: str) -> str:
    """The text, with characters that XML does not allow replaced."""
    text = _UNPRINTABLE.sub("\ufffd", text)
    # In row-by-row mode, XlsxWriter takes text that starts with <r> for its own markup and copies it unescaped.
    return f" {text}" if text.startswith("<r>") else text


def _close_row_files(workbook: Any) -> None:
    # After an error XlsxWriter leaves these files open, and their disk space stays taken.
    for worksheet in workbook.worksheets():
        for file in (worksheet.row_data_fh, worksheet.fh):
            with suppress(OSError):
                file.close()
