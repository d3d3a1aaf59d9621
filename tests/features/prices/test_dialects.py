"""Price files in the dialects of sites and tools, each with the series that must come out.

The table of dialects is in kit/dialects.py.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.dialects import BARS, DIALECTS, Dialect

from features.prices.files.dates import DateOrder
from features.prices.files.reader import ParsedFile, ReadOptions, read_file
from models.price_errors import AmbiguousDates, PriceQuality

TODAY = date(2030, 1, 1)


def read(text: str | bytes, **options: object) -> ParsedFile:
    raw = text.encode() if isinstance(text, str) else text
    return read_file(raw, ReadOptions(TODAY, **options))  # type: ignore[arg-type]


def bars_of(parsed: ParsedFile) -> tuple[tuple[object, ...], ...]:
    return tuple((bar.day, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in parsed.packed)


@pytest.mark.parametrize("dialect", [pytest.param(dialect, id=name) for name, dialect in DIALECTS.items()])
def test_a_dialect(dialect: Dialect) -> None:
    parsed = read(dialect.text.encode(dialect.codec))
    assert bars_of(parsed) == tuple(bar if dialect.volumes else (*bar[:-1], 0.0) for bar in BARS)
    understood = parsed.understood
    assert (understood.dates, understood.delimiter, understood.decimal) == (dialect.dates, dialect.delimiter, dialect.decimal)
    assert (understood.order, understood.encoding, tuple(understood.ignored)) == (dialect.order, dialect.encoding, dialect.ignored)
    assert [warning.code for warning in parsed.warnings] == ([] if dialect.volumes else ["no_volume"])
    assert not parsed.adjusted


HEADER = "Date,Open,High,Low,Close,Volume\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(b"PK\x03\x04" + b"x" * 100, "a ZIP archive", id="an archive"),
        pytest.param(b"%PDF-1.7 ...", "a PDF", id="PDF"),
        pytest.param(b"\x1f\x8b\x08\x00", "gzip", id="gzip"),
        pytest.param(b"<!DOCTYPE html><html><body>Will be right back</body></html>", "HTML", id="HTML"),
        pytest.param(b"\n\n <html>", "HTML", id="HTML after blank lines"),
        pytest.param(b'<?xml version="1.0"?><a/>', "XML", id="XML"),
        pytest.param(b'{"chart": {"result": null}}', "JSON", id="JSON"),
        pytest.param(b"Exceeded the daily hits limit", "the column is missing", id="a sentence"),
        pytest.param(b"Date,Open\x00,High\n", "U+0000", id="a control character"),
        pytest.param(b" \n\t\n", "empty", id="white space"),
        pytest.param(b"\xff\xfeD\x00a", "UTF-16", id="half a UTF-16 character"),
    ],
)
def test_a_file_that_is_no_table_is_told_by_what_it_is(text: bytes, words: str) -> None:
    with pytest.raises(PriceQuality) as refused:
        read(text)
    assert words in str(refused.value)


def test_a_file_of_several_tickers_is_refused() -> None:
    text = "Date,Symbol,Open,High,Low,Close,Volume\n2024-01-30,ACME,1,1,1,1,1\n2024-01-30,OTHER,2,2,2,2,2\n"
    with pytest.raises(PriceQuality, match="several tickers"):
        read(text)


# ---- dates --------------------------------------------------------------------------------------------------------------------------


def slash_file(*days: str) -> str:
    return HEADER + "".join(f"{day},1,1,1,1,1\n" for day in days)


@pytest.mark.parametrize(
    ("days", "stored_until", "order"),
    [
        pytest.param(["01/02/2024", "13/02/2024"], None, "dmy", id="a day above 12"),
        pytest.param(["01/30/2024", "02/01/2024"], None, "mdy", id="a day above 12 in second place"),
        pytest.param(["01/09/2025", "02/09/2025", "03/09/2025", "04/09/2025"], None, "dmy", id="the other reading has weekends"),
        pytest.param(["09/01/2025", "09/02/2025", "09/03/2025", "09/04/2025"], None, "mdy", id="the first reading has weekends"),
        pytest.param(["02/04/2025", "03/04/2025", "01/07/2025"], None, "dmy", id="the other reading is not in order"),
        pytest.param(["05/08/2025", "07/08/2025"], date(2025, 8, 1), "dmy", id="the other reading does not go on from what is stored"),
        pytest.param(["05/08/2025", "07/08/2025"], date(2025, 5, 1), "mdy", id="nor does this one"),
        pytest.param(["02/02/2024", "03/03/2024"], None, "dmy", id="both readings are the same"),
        pytest.param(["05.08.2025", "07.08.2025"], None, "dmy", id="dots: the day is first"),
        pytest.param(["09.01.2025", "09.02.2025", "09.03.2025"], None, "dmy", id="dots, and weekends"),
        pytest.param(["01.30.2024", "02.01.2024"], None, "mdy", id="dots, and a day above 12 in second place"),
    ],
)
def test_the_order_of_dates_is_decided_for_the_whole_file(days: list[str], stored_until: date | None, order: str) -> None:
    assert read(slash_file(*days), stored_until=stored_until).understood.dates == order


def test_dates_that_can_be_read_in_two_ways_are_asked_for() -> None:
    text = slash_file("05/08/2025", "07/08/2025")
    with pytest.raises(AmbiguousDates) as refused:
        read(text)
    assert "5 August 2025 or of 8 May 2025" in str(refused.value)
    for order, day in ((DateOrder.DMY, date(2025, 8, 5)), (DateOrder.MDY, date(2025, 5, 8))):
        assert read(text, dates=order).packed.first_day() == day


# ---- rows ---------------------------------------------------------------------------------------------------------------------------

GOOD = "".join(f"2024-01-{day:02},10,11,9,10,5\n" for day in range(1, 31))


def test_missing_and_zero_opens_take_the_close() -> None:
    parsed = read(HEADER + GOOD + "2024-02-01,0,11,9,10.5,5\n2024-02-02,,11,9,9.5,5\n")
    assert parsed.packed.column("open").tolist()[-2:] == [10.5, 9.5]
    assert [(warning.code, warning.message[:6]) for warning in parsed.warnings] == [("open_filled", "2 rows")]


def test_rows_without_prices_and_identical_duplicates_are_left_out() -> None:
    parsed = read(HEADER + GOOD + "2024-01-30,10,11,9,10,5\n2024-02-01,NaN,NaN,NaN,NaN,0\n2024-02-02,-,-,-,-,-\n")
    assert (len(parsed.packed), parsed.dropped) == (30, 2)
    assert [warning.code for warning in parsed.warnings] == ["duplicate_rows"]


def test_bad_rows_are_left_out_when_asked_for_and_named() -> None:
    text = HEADER + GOOD + "2024-02-01,10,11,9,x,5\nwhat,10,11,9,10,5\n2024-02-03,1,2\n"
    with pytest.raises(PriceQuality) as refused:
        read(text)
    places = [problem.place for problem in refused.value.problems]
    assert places == ["line 32, column Close", "line 33, column Date", "line 34"]
    parsed = read(text, leave_out_bad_rows=True)
    assert (len(parsed.packed), parsed.dropped) == (30, 3)
    (warning,) = parsed.warnings
    assert warning.code == "rows_left_out"
    assert all(place in warning.message for place in places)


def test_more_than_a_tenth_of_bad_rows_is_refused() -> None:
    bad = "".join(f"2024-02-{day:02},10,11,9,x,5\n" for day in range(1, 5))
    with pytest.raises(PriceQuality, match="4 of 34 rows have faults; at most 10%"):
        read(HEADER + GOOD + bad, leave_out_bad_rows=True)


@pytest.mark.parametrize(
    ("cells", "decimal", "values"),
    [
        pytest.param(("1,003", "998", "1,010"), ".", [1003.0, 998.0, 1010.0], id="thousands, as prices do not jump a thousandfold"),
        pytest.param(("1,103", "1,098", "1,110"), ",", [1.103, 1.098, 1.11], id="three decimals, where the comma is no delimiter"),
        pytest.param(("1,5", "1,498", "1,51"), ",", [1.5, 1.498, 1.51], id="fewer than three decimals"),
    ],
)
def test_commas_before_three_digits(cells: tuple[str, ...], decimal: str, values: list[float]) -> None:
    rows = "".join(f"2024-01-{day:02};{cell};{cell};{cell};{cell};1\n" for day, cell in enumerate(cells, 1))
    parsed = read(HEADER.replace(",", ";") + rows)
    assert parsed.understood.decimal == decimal
    assert parsed.packed.column("close").tolist() == values


# ---- properties ---------------------------------------------------------------------------------------------------------------------


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    with suppress(PriceQuality, AmbiguousDates):
        read(raw)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.data())
def test_any_cells_are_refused_or_read(data: st.DataObject) -> None:
    cells = st.sampled_from(
        [
            "2024-01-30",
            "01/02/2024",
            "1.2.24",
            "5-Jan-2024",
            "20240130",
            "1706625000",
            "",
            "1",
            "1,5",
            "1.234,5",
            "$1,234.50",
            "1.2M",
            "-",
            "NaN",
            "é",
            '"',
            "9" * 70,
        ]
    )
    delimiter = data.draw(st.sampled_from([",", ";", "\t", "|"]))
    rows = data.draw(st.lists(st.lists(cells, min_size=1, max_size=7), max_size=12))
    text = delimiter.join(("Date", "Open", "High", "Low", "Close", "Volume")) + "\n" + "\n".join(delimiter.join(row) for row in rows)
    try:
        parsed = read(text, leave_out_bad_rows=data.draw(st.booleans()))
    except (PriceQuality, AmbiguousDates):
        return
    days = parsed.packed.day_numbers().tolist()
    assert days == sorted(set(days))
