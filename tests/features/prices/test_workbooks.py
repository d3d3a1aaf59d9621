"""Prices from Excel workbooks: the first sheet, read as a file of the same cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from kit.dialects import BARS
from kit.support import Client

from features.prices.files.reader import ParsedFile, ReadOptions, read_file
from features.prices.files.workbook import MIMETYPE, MOST_BYTES
from models.price_errors import PriceQuality

TODAY = date(2030, 1, 1)
HEADER = ("Date", "Open", "High", "Low", "Close", "Volume")


def workbook(rows: Sequence[Sequence[Any]], more_sheets: int = 0) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    for _ in range(more_sheets):
        book.add_worksheet().write(0, 0, "not read")
    book.close()
    return file.getvalue()


def read(raw: bytes) -> ParsedFile:
    return read_file(raw, ReadOptions(TODAY))


@pytest.mark.parametrize(
    ("day_of", "dates"),
    [
        pytest.param(lambda day: day, "ymd", id="days"),
        pytest.param(lambda day: datetime.combine(day, time(16)), "ymd", id="days with a time"),
        pytest.param(lambda day: f"{day:%d.%m.%Y}", "dmy", id="texts"),
    ],
)
def test_the_first_sheet_is_read(day_of: Any, dates: str) -> None:
    rows = [("Prices of ACME",), (), (*HEADER, "Note"), *((day_of(day), *numbers, "x") for day, *numbers in BARS), ("from the broker",)]
    parsed = read(workbook(rows, more_sheets=2))
    assert tuple((bar.day, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in parsed.packed) == BARS
    understood = parsed.understood
    assert (understood.encoding, understood.delimiter, understood.dates, understood.ignored) == ("xlsx", "", dates, ["Note"])


def test_a_fault_has_the_number_of_its_row() -> None:
    rows = [HEADER, *BARS, (date(2024, 2, 2), 1, 2, 1, "x", 1)]
    with pytest.raises(PriceQuality) as refused:
        read(workbook(rows))
    assert [problem.place for problem in refused.value.problems] == ["line 5, column Close"]


def test_a_workbook_over_http(client: Client) -> None:
    raw = workbook([HEADER, *BARS])
    for mimetype in (MIMETYPE, "text/csv"):
        report = client.put("/prices/BOOK", raw, content_type=mimetype)
        assert (report.status_code, report.json["bars"], report.json["understood"]["encoding"]) == (200, 3, "xlsx")
    assert client.put("/prices/BOOK", raw, content_type="application/zip").status_code == 415


def without(raw: bytes, part: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    return file.getvalue()


def with_part(raw: bytes, part: str, content: bytes) -> bytes:
    file = io.BytesIO(without(raw, part))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, content)
    return file.getvalue()


def of_version(raw: bytes, version: int) -> bytes:
    """The archive, whose first part needs a version of the format that there is not."""
    at = raw.index(b"PK\x01\x02") + 6
    return raw[:at] + bytes([version]) + raw[at + 1 :]


GOOD = workbook([HEADER, *BARS])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(GOOD[:-200], "a ZIP archive, or a workbook that is damaged", id="cut off"),
        pytest.param(of_version(GOOD, 235), "a ZIP archive, or a workbook that is damaged", id="an archive of a later kind"),
        pytest.param(without(GOOD, "xl/worksheets/sheet1.xml"), "damaged", id="without its sheet"),
        pytest.param(without(GOOD, "xl/workbook.xml"), "a ZIP archive", id="another archive"),
        pytest.param(with_part(GOOD, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"), "damaged", id="half a sheet"),
        pytest.param(with_part(GOOD, "xl/media/bomb", b"\0" * (MOST_BYTES + 1)), "MB unpacked; at most 20", id="a bomb"),
        pytest.param(workbook([]), "no table", id="an empty sheet"),
        pytest.param(workbook([("Date", "Price")]), "the column is missing", id="other columns"),
    ],
)
def test_a_bad_workbook_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(PriceQuality) as refused:
        read(raw)
    assert words in str(refused.value)


def test_a_row_far_below_is_no_way_to_make_the_service_count(client: Client) -> None:
    row = b'<row r="1048576"><c r="A1048576"/></row>'
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = b'<worksheet xmlns="' + space + b'"><sheetData>' + row + b"</sheetData></worksheet>"
    answer = client.put("/prices/FAR", with_part(GOOD, "xl/worksheets/sheet1.xml", sheet))
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")
    assert "more than 50,000 rows" in answer.json["errors"][0]["message"]
