"""Excel reports: nothing of them stays on disk, and what a cell may hold."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from report_support import Item, download, make_job
from support import Client

import database
from services.workbook import Column, write_workbook

# ---- nothing is left --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def made_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The temporary folders that are made, all of which must be gone in the end."""
    place = tmp_path / "temporary"
    place.mkdir()
    made: list[str] = []
    make = tempfile.mkdtemp

    def remember(*arguments: Any, **options: Any) -> str:
        made.append(make(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(tempfile, "mkdtemp", remember)
    yield made
    gc.collect()  # a file left open would complain
    assert all(Path(folder).parent == place for folder in made)
    assert list(place.iterdir()) == []


def test_nothing_is_left_on_disk(client: Client, made_folders: list[str]) -> None:
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    job_id = make_job([Item("AAPL", "succeeded", result["id"])])
    download(client, "/reports/analysis/AAPL.xlsx")
    download(client, f"/reports/jobs/{job_id}.xlsx")
    assert len(made_folders) == 2


def test_nothing_is_left_on_disk_when_writing_fails_half_way(client: Client, made_folders: list[str]) -> None:
    good, bad = (client.post("/analyze", {"ticker": ticker}).json["id"] for ticker in ("AAPL", "FB"))
    database.execute_db("UPDATE analysis_results SET body = '{}' WHERE id = :id", {"id": bad})
    items = [Item(f"T{index:04}", "succeeded", good) for index in range(600)]
    answer = client.get(f"/reports/jobs/{make_job([*items, Item('Z', 'succeeded', bad)])}.xlsx")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert len(made_folders) == 1


# ---- cells ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param("", None, id="empty text"),
        pytest.param(math.nan, None, id="no number"),
        pytest.param(-math.inf, None, id="infinity"),
        pytest.param(0, 0, id="zero"),
        pytest.param(1e-9, 1e-9, id="small"),
        pytest.param(date(2013, 3, 1), datetime(2013, 3, 1), id="day"),  # noqa: DTZ001 — as Excel has it
        pytest.param(date(1899, 12, 31), "1899-12-31", id="day before the calendar"),
        pytest.param(datetime(2013, 3, 1, 12, 30, tzinfo=UTC), datetime(2013, 3, 1, 12, 30), id="moment"),  # noqa: DTZ001
        pytest.param("\ud800x", "\ufffdx", id="half a character"),
        pytest.param("x" * 40_000, "x" * 32_767, id="longer than a cell"),
        pytest.param("<r>" + "x" * 32_760 + "</r>" + "x" * 99, " <r>" + "x" * 32_760 + "</r", id="markup where it is cut off"),
    ],
)
def test_a_cell(value: Any, wanted: Any) -> None:
    file = write_workbook("x", lambda book: book.add_sheet("S", (Column("T", 9), Column("U", 9))).append("first", value))
    assert openpyxl.load_workbook(file.content)["S"]["B2"].value == wanted


def test_the_web_process_starts_without_the_library() -> None:
    code = "import sys, app, api.report; sys.exit('xlsxwriter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent.parent, check=False).returncode == 0
