"""Excel workbooks, written row by row and into a file, so that their size takes no memory. Text stays text, whatever it looks like."""

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

Cell = str | int | float | date | datetime | None

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
    """A whole workbook and the name to save it under. The file has no name on disk and is gone once `content` is closed."""

    name: str
    content: IO[bytes]


class Sheet:
    """A sheet that grows downwards under a frozen header."""

    def __init__(self, book: Book, worksheet: Any, columns: Sequence[Column]) -> None:
        self.worksheet = worksheet
        self.columns = columns
        self.rows = 0  # under the header
        self._book = book
        for index, column in enumerate(columns):
            worksheet.set_column(index, index, column.width)
            self._write(0, index, column.title, Style.HEADER, None)
        worksheet.freeze_panes(1, 0)
        worksheet.set_landscape()
        worksheet.repeat_rows(0)
        worksheet.fit_to_pages(1, 0)

    def append(self, *values: Cell, styles: Sequence[Style | None] = ()) -> None:
        """Write the next row. What is None or no finite number stays blank; `styles` replaces those of the columns.

        Now and then the workbook's check is called.
        """
        self.rows += 1
        if self.rows % ROWS_BETWEEN_CHECKS == 0:
            self._book.check()
        for index, value in enumerate(values):
            if value is None:
                continue
            given = styles[index] if index < len(styles) else None
            column = self.columns[index]
            self._write(self.rows, index, value, given or column.style, column.align)

    def add_filter(self) -> None:
        """Let readers sort and filter by every column."""
        self.worksheet.autofilter(0, 0, self.rows, len(self.columns) - 1)

    def index_of(self, title: str) -> int:
        """Where a column stands, from 0."""
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
    """A workbook in the making; `check` raises when nobody wants it any more."""

    def __init__(self, workbook: Any, check: Check) -> None:
        self.workbook = workbook
        self.check = check
        self._formats: dict[tuple[Style, str | None, bool], Any] = {}

    def add_sheet(self, name: str, columns: Sequence[Column]) -> Sheet:
        """A new sheet with a header."""
        return Sheet(self, self.workbook.add_worksheet(name), columns)

    def format(self, style: Style, align: str | None, quoted: bool = False) -> Any:
        """A cell format, made once. `quoted` keeps Excel from taking text for a formula when somebody edits the cell."""
        key = (style, align, quoted)
        if key not in self._formats:
            more = {"align": align} if align else {}
            self._formats[key] = self.workbook.add_format({"valign": "top", **_PROPERTIES[style], **more, "quote_prefix": quoted})
        return self._formats[key]


def write_workbook(name: str, fill: Callable[[Book], None], check: Check = always_wanted) -> WorkbookFile:
    """Make a workbook that `fill` puts sheets into; the caller closes its file.

    Rows pass through a private folder that is gone afterwards, also after an error, such as `check` raises.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 — not every process of the web service makes reports

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
        undo.pop_all()  # from here on it is the caller's to close
    return WorkbookFile(f"{_UNSAFE_IN_FILE_NAMES.sub('_', name)}.xlsx", content)


def cell_text(text: str) -> str:
    """The text with what XML cannot hold replaced."""
    text = _UNPRINTABLE.sub("\ufffd", text)
    # Written row by row, XlsxWriter takes text within <r> for markup of its own and copies it into the file as it is.
    return f" {text}" if text.startswith("<r>") else text


def _close_row_files(workbook: Any) -> None:
    # XlsxWriter closes them when all went well, and otherwise leaves them open: their disk space would stay taken.
    for worksheet in workbook.worksheets():
        for file in (worksheet.row_data_fh, worksheet.fh):
            with suppress(OSError):
                file.close()
