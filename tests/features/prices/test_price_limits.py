"""Limits on price files apply before any other rule, and a file past a limit is refused with a message."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta

import pytest
from kit.support import Client

import database
from features.prices.files.numbers import LONGEST_CELL
from features.prices.files.reader import ParsedFile, ReadOptions, read_file
from features.prices.files.table import LONGEST_LINE, MOST_COLUMNS, MOST_LINES
from models.price_errors import PriceQuality
from models.price_series import MOST_BARS, Bar, PackedBars, SeriesDescription, head_of

HEADER = "Date,Open,High,Low,Close,Volume\n"
ROW = "2020-01-01,1,1,1,1,1\n"
LARGEST = 5_000_000
TODAY = date(2030, 1, 1)
MOST_MEMORY = 100_000_000  # bytes


def bars(count: int, first: date = date(1960, 1, 1)) -> str:
    return "".join(f"{first + timedelta(days=number)},1,1,1,1,1\n" for number in range(count))


def parse(text: str) -> ParsedFile:
    return read_file(text.encode(), ReadOptions(TODAY))


def filled(before: str, unit: str, after: str = "") -> str:
    """A file of the largest size that repeats a piece."""
    return before + unit * ((LARGEST - len(before) - len(after)) // len(unit)) + after


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param(HEADER + f"2020-01-01,{'1' * 65},1,1,1,1\n", "line 2, column Open", "not a plausible price", id="a cell"),
        pytest.param(HEADER + f'2020-01-01,"1{"0" * 64}",1,1,1,1\n', "line 2, column Open", "not a plausible price", id="a cell in quotes"),
        pytest.param(HEADER + ROW + f"{'1' * 65}/1/2020,1,1,1,1,1\n", "line 3, column Date", "not a date", id="a date"),
        pytest.param(HEADER.replace("Open", "Open" * 20) + ROW, "line 1, column Open", "missing", id="a header"),
        pytest.param(HEADER + f"2020-01-01,{'1' * 120_000}x,1,1,1,1\n", "line 2", "13,600 characters", id="a cell of 120,000 digits"),
        pytest.param(",".join([HEADER.strip()] + ["Other"] * 195), "line 1", "201 columns; at most 200", id="columns"),
        pytest.param(",".join(["Open"] * 200), "line 1, column Open", "twice", id="as many columns as are read"),
        pytest.param("x," * 1_200_000, "line 1", "13,600 characters", id="1.2 million columns"),
        pytest.param(HEADER + "1," * 300 + "\n", "line 2", "301 cells where the header has 6", id="cells"),
        pytest.param(HEADER + '2020-01-01,"1\n",1,1,1,1\n', "line 2", "a quote is left open on this line", id="a record of two lines"),
        pytest.param(filled(HEADER + '"', "a"), "line 2", "13,600 characters", id="an open quote"),
        pytest.param(filled(HEADER, '"', ""), "line 2", "13,600 characters", id="quotes"),
        pytest.param(filled(HEADER, '","'), "line 2", "13,600 characters", id="quotes and commas"),
        pytest.param(filled(HEADER, "\n"), "line 50001", "50,000 lines", id="line ends"),
        pytest.param(filled(HEADER, "\r"), "line 50001", "50,000 lines", id="line ends of another kind"),
        pytest.param(filled("", "\n"), "line 1", "empty", id="nothing but line ends"),
        pytest.param(HEADER + bars(MOST_BARS + 1), "line 20002", "20,000 bars", id="a bar more than a series has"),
    ],
)
def test_what_is_past_a_bound_is_refused_with_its_place(client: Client, text: str, place: str, words: str) -> None:
    answer = client.put("/prices/BIG", text)
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")
    assert answer.json["errors"][0]["field"] == place
    assert words in answer.json["errors"][0]["message"]
    assert len(answer.data) < 20_000
    assert client.get("/prices/BIG").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEADER + f"2020-01-01,{'1.'.ljust(64, '0')},1,1,1,1\n", id="a cell of 64 characters"),
        pytest.param(HEADER + bars(MOST_BARS), id="20,000 bars"),
        pytest.param(HEADER + bars(MOST_BARS) + "2020-01-01,,,,,\n" * 2_000, id="and rows without prices after them"),
        pytest.param(HEADER + bars(20_000).replace("\n", "\r\n\r\n"), id="a blank line after each"),
        pytest.param('"Date","Open","High","Low","Close","Volume"\n"2020-01-01","1","1","1","1","1"\n', id="quotes"),
        pytest.param(HEADER.replace("\n", "\r") + ROW.replace("\n", "\r"), id="line ends of old"),
    ],
)
def test_what_is_within_the_bounds_is_taken(text: str) -> None:
    assert parse(text).packed.data


def test_lines_are_counted_and_measured_to_the_last_that_is_read() -> None:
    blank = "\n" * (MOST_LINES - 2)
    assert len(parse(HEADER + blank + ROW).packed) == 1
    with pytest.raises(PriceQuality, match="line 50001"):
        parse(HEADER + blank + "\n" + ROW)
    row = " " * LONGEST_LINE + "\n"
    assert len(parse(HEADER + row + ROW).packed) == 1
    with pytest.raises(PriceQuality, match="line 2"):
        parse(HEADER + " " + row + ROW)


def test_the_bounds_fit_each_other() -> None:
    assert len(",".join(f'"{"x" * LONGEST_CELL}"' for _ in range(MOST_COLUMNS)) + "\r\n") <= LONGEST_LINE
    assert MOST_LINES > 2 * MOST_BARS


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(filled(HEADER, "x\n"), id="lines"),
        pytest.param(filled(HEADER, ",,,,,\n"), id="cells"),
        pytest.param(filled(HEADER, "x" * 60 + ",x,x,x,x,x\n"), id="faults"),
        pytest.param(filled(HEADER, '"\n'), id="open quotes"),
        pytest.param(HEADER + "\U0001f600\n" * 900_000, id="characters of four bytes"),
        pytest.param(HEADER + ("\U0001f600," * 19 + "\n") * 49_000, id="cells of four bytes"),
        pytest.param(HEADER + "20/1/2020,x,x,x,x,x,\n" * 49_000, id="as many faults as there can be"),
    ],
)
def test_reading_takes_little_memory(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PriceQuality):
            parse(text)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def test_extending_a_series_keeps_it_within_the_bound(client: Client) -> None:
    assert client.put("/prices/LONG", HEADER + bars(MOST_BARS - 1)).status_code == 200
    newest = date(1960, 1, 1) + timedelta(days=MOST_BARS - 2)
    assert client.put("/prices/LONG?extend=true", HEADER + bars(2, newest)).json["bars"] == MOST_BARS
    answer = client.put("/prices/LONG?extend=true", HEADER + bars(2, newest + timedelta(days=1)))
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")
    assert "20,001 bars; at most 20,000 are allowed" in answer.json["errors"][0]["message"]
    assert database.query_db("SELECT bars FROM price_series WHERE ticker = 'LONG'", one=True) == {"bars": MOST_BARS}


def test_no_maker_of_series_makes_a_longer_one() -> None:
    days = [date(1960, 1, 1) + timedelta(days=number) for number in range(MOST_BARS + 1)]
    packed = PackedBars.pack([Bar(day, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0) for day in days])
    with pytest.raises(ValueError, match="at most 20000"):
        head_of(SeriesDescription(1, "LONG", None, "upload", True), packed)
