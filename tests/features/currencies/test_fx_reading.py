"""Files of exchange rates: the ECB's layouts, rows of pairs, minor units, and what is wrong with a file."""

from __future__ import annotations

from datetime import date
from itertools import pairwise, permutations
from string import ascii_uppercase
from typing import Any

import pytest
from kit.archives import packed
from kit.currencies import DAILY, HISTORY, SDMX
from kit.growth import check_growth

from features.currencies.reading import ReadRates, read_rates
from features.currencies.unpacking import MOST_UNPACKED
from models.currency import checked_currency, major_of
from models.price_errors import PriceQuality

LATEST = date(2026, 12, 1)
PAIRS = "DATE,BASE,QUOTE,RATE\n"


def read(text: str | bytes) -> ReadRates:
    return read_rates(text if isinstance(text, bytes) else text.encode(), LATEST)


def told(text: str | bytes) -> dict[str, dict[str, float]]:
    """The rates of a file by currency and day."""
    rates = read(text).rates
    return {name: dict(zip(map(str, each.days()), each.values(), strict=True)) for name, each in rates.items()}


# ---- layouts ----------------------------------------------------------------------------------------------------------------------


def test_the_history_of_the_ecb() -> None:
    found = read(HISTORY)
    assert (found.layout, found.missing, found.skipped) == ("columns", 3, 0)
    assert sorted(found.rates) == ["BGN", "GBP", "JPY", "USD", "ZAR"]  # the pound of Cyprus has no rate here
    assert told(HISTORY)["USD"] == {"2024-03-15": 1.0892, "2024-03-18": 1.0892, "2024-03-19": 1.0854}


def test_the_file_of_one_day() -> None:
    assert told(DAILY)["JPY"] == {"2024-03-19": 163.66}
    assert read(DAILY).missing == 0


def test_the_rows_of_the_data_portal() -> None:
    found = read(SDMX)
    assert (found.layout, found.missing, found.skipped) == ("sdmx", 1, 1)
    assert told(SDMX) == {"USD": {"2024-03-18": 1.0892, "2024-03-19": 1.0854}}


def test_the_columns_of_the_data_portal() -> None:
    text = '"DATE","TIME PERIOD","US dollar/Euro (EXR.D.USD.EUR.SP00.A)"\n"2024-03-18","18 Mar 2024","1.0892"\n'
    assert told(text) == {"USD": {"2024-03-18": 1.0892}}


@pytest.mark.parametrize("text", [HISTORY, DAILY, SDMX])
def test_the_same_packed_or_written_otherwise(text: str) -> None:
    assert told(packed({"eurofxref.csv": text})) == told("\ufeff" + text) == told(text.replace("\n", "\r\n")) == told(text)


def test_semicolons() -> None:
    assert told(HISTORY.replace(",", ";")) == told(HISTORY)


def test_pairs_with_the_euro_on_either_side() -> None:
    text = f"{PAIRS}2024-03-18,EUR,USD,1.25\n2024-03-19,usd,eur,0.8\n"
    assert told(text) == {"USD": {"2024-03-18": 1.25, "2024-03-19": 1.25}}


def test_pairs_of_two_others_follow_from_one_against_the_euro() -> None:
    text = f"{PAIRS}2024-03-18,GBP,USD,1.25\n2024-03-18,EUR,USD,1\n2024-03-18,CHF,GBP,0.5\n2024-03-18,GBP,EUR,1.25\n"
    found = read(text)
    assert told(text) == {"CHF": {"2024-03-18": 1.6}, "GBP": {"2024-03-18": 0.8}, "USD": {"2024-03-18": 1.0}}
    assert found.skipped == 1  # it follows from the other two


CHAIN = ("2024-03-18,EUR,USD,1.25", "2024-03-18,USD,JPY,160", "2024-03-18,JPY,KRW,8", "2024-03-18,KRW,JPY,0.125")


def test_rates_follow_from_each_other_in_any_order() -> None:
    for rows in permutations(CHAIN):
        text = "\n".join((PAIRS.strip(), *rows))
        assert told(text) == {name: {"2024-03-18": rate} for name, rate in (("JPY", 200.0), ("KRW", 1600.0), ("USD", 1.25))}, rows
        assert read(text).skipped == 1, rows


def test_what_leads_to_no_rate_against_the_euro_is_told_of_each_row() -> None:
    with pytest.raises(PriceQuality) as refused:
        read("\n".join((PAIRS.strip(), *CHAIN[1:3], "2024-03-18,EUR,CHF,0.95")))
    assert [(each.line, "against EUR on 2024-03-18 as well" in each.message) for each in refused.value.problems] == [(2, True), (3, True)]


def test_rates_that_grow_beyond_all_bounds_are_refused() -> None:
    rows = ("2024-03-18,BBB,CCC,1e12", "2024-03-18,AAA,BBB,1e12", "2024-03-18,EUR,AAA,1")
    with pytest.raises(PriceQuality, match=r"makes 1e\+24 CCC for one EUR on 2024-03-18, which cannot be"):
        read("\n".join((PAIRS.strip(), *rows)))


def test_a_chain_in_the_worst_order_grows_with_the_file() -> None:
    names = ["EUR", *(f"A{one}{two}" for one in ascii_uppercase for two in ascii_uppercase)]
    chain = [f"{day},{base},{quote},1" for day in ("2024-03-18", "2024-03-19") for base, quote in reversed(list(pairwise(names)))]

    def reading(size: int) -> Any:
        body = "\n".join((PAIRS.strip(), *chain[-(size // len(chain[0])) :])).encode()
        return lambda: read_rates(body, LATEST)

    check_growth(reading)


def test_what_two_others_say_must_agree_with_the_euro() -> None:
    with pytest.raises(PriceQuality, match=r"make 1\.25 USD for one GBP on 2024-03-18, and this row says 1\.5"):
        read(f"{PAIRS}2024-03-18,EUR,USD,1\n2024-03-18,EUR,GBP,0.8\n2024-03-18,GBP,USD,1.5\n")
    with pytest.raises(PriceQuality, match="a rate of GBP or USD against EUR on 2024-03-18 as well"):
        read(f"{PAIRS}2024-03-18,GBP,USD,1.5\n2024-03-19,EUR,USD,1.5\n")


# ---- minor units ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "major"), [("GBp", "GBP"), ("GBX", "GBP"), ("ZAc", "ZAR"), ("ILA", "ILS")])
def test_minor_units_count_once(unit: str, major: str) -> None:
    assert (checked_currency(unit), major_of(unit)) == (unit, (major, 100))
    assert told(f"Date,{unit}\n2024-03-18,85\n") == {major: {"2024-03-18": 0.85}}
    assert told(f"{PAIRS}2024-03-18,EUR,{unit},85\n") == {major: {"2024-03-18": 0.85}}
    assert told(f"{PAIRS}2024-03-18,{unit},EUR,0.01\n") == {major: {"2024-03-18": 1.0}}
    crossed = told(f"{PAIRS}2024-03-18,EUR,USD,1.25\n2024-03-18,{unit},USD,0.0125\n")
    assert crossed[major]["2024-03-18"] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "code"), [("usd", "USD"), (" Eur ", "EUR"), ("gbp", "GBP"), ("gbx", "GBX"), ("GBp", "GBp"), ("gbP", "GBP")]
)
def test_the_case_of_a_currency_counts_for_pence_only(text: str, code: str) -> None:
    assert checked_currency(text) == code


@pytest.mark.parametrize("text", ["", "US", "USDX", "U$D", "12A", "ÄÖÜ", "ßß"])
def test_what_is_no_currency(text: str) -> None:
    with pytest.raises(ValueError, match="three letters"):
        checked_currency(text)


# ---- faults -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: The file is empty."),
        ("Date,USD\n", "No day has a rate."),
        ("Date,USD\n2024-03-18,N/A\n", "No day has a rate."),
        ("<?xml version='1.0'?><Cube/>", "The ECB has its rates as CSV as well"),
        ("Currency,Rate\nUSD,1.08\n", "The header needs a column Date"),
        ("Date\n2024-03-18\n", "The header names 0 currencies"),
        ("Date,Dollar\n2024-03-18,1\n", "line 1, column Dollar: 'Dollar' is no currency"),
        ("Date,EUR\n2024-03-18,1\n", "line 1, column EUR: Rates are units of a currency for one euro"),
        ("Date,USD,usd\n2024-03-18,1,1\n", "line 1, column usd: USD has two columns"),
        ("Date,GBP,GBp\n2024-03-18,1,100\n", "GBP has two columns"),
        ("Date,USD\n18.03.2024,1.08\n", "line 2, column Date: '18.03.2024' is no day; write it YYYY-MM-DD."),
        ("Date,USD\n31 February 2024,1.08\n", "'31 February 2024' is no day"),
        ("Date,USD\n18 Monday 2024,1.08\n", "'18 Monday 2024' is no day"),
        ("Date,USD\n2026-12-02,1.08\n", "2026-12-02 cannot be: days are from 1900 on, and none lies ahead."),
        ("Date,USD\n1024-12-02,1.08\n", "1024-12-02 cannot be"),
        ("Date,JPY,USD\n2024-03-18,162,high\n", "line 2, column USD: 'high' is no number"),
        ("Date,USD\n2024-03-18,0\n", "'0' is no rate that can be"),
        ("Date,USD\n2024-03-18,-1\n", "'-1' is no rate that can be"),
        ("Date,USD\n2024-03-18,inf\n", "no rate that can be"),
        ("Date,USD\n2024-03-18,1_0\n", "no rate that can be"),
        ("Date,USD\n2024-03-18,1e99\n", "no rate that can be"),
        ("Date,USD\n2024-03-18,1\n2024-03-18,2\n", "line 3, column USD: USD is there twice on 2024-03-18"),
        ("Date,USD\n2024-03-18,1.08,7\n", "line 2: The row has 3 cells, and the header 2."),
        ('Date,USD\n"2024-\n03-18",1.08\n2024-03-19,x\n', "2 problems"),
        (f"{PAIRS}2024-03-18,EUR,EUR,1\n", "EUR and EUR are the same currency"),
        (f"{PAIRS}2024-03-18,GBP,GBp,100\n", "GBP and GBp are the same currency"),
        (f"{PAIRS}2024-03-18,EUR,Dollar,1\n", "line 2, column QUOTE: 'Dollar' is no currency"),
        (f"{PAIRS}2024-03-18,EUR\n", "column QUOTE: '' is no currency"),
        ("DATE,BASE,RATE\n2024-03-18,EUR,1\n", "one column each of DATE, BASE, QUOTE, RATE; look at QUOTE"),
        ("TIME_PERIOD,OBS_VALUE\n2024-03-18,1\n", "look at CURRENCY"),
        (SDMX.replace(",D,", ",W,"), "No day has a rate."),
        (packed({"a.csv": "x", "b.csv": "x"}), "The archive has 2 files"),
        (packed({"a.csv": HISTORY})[:-30], "The archive is damaged"),
        (packed({"a.csv": b"0" * (MOST_UNPACKED + 1)}), "more than 20 MB"),
    ],
)  # fmt: skip
def test_faults_are_told_with_line_and_column(text: str | bytes, problem: str) -> None:
    with pytest.raises(PriceQuality) as refused:
        read(text)
    all_of_them = " ".join(f"{each.place}: {each.message}" for each in refused.value.problems)
    assert problem in f"{all_of_them} {refused.value.total} problems"


def test_a_hundred_faults_are_listed_and_all_counted() -> None:
    with pytest.raises(PriceQuality) as refused:
        read("Date,USD\n" + "2024-03-18,x\n" * 250)
    assert (len(refused.value.problems), refused.value.total) == (100, 250)


@pytest.mark.parametrize("head", [HISTORY, PAIRS, SDMX])
@pytest.mark.parametrize("piece", ["1", ",", '"', "2024-01-01,1\n", "2024-01-01,GBP,USD,1\n", "\n", " ", "é", ";"])
def test_reading_grows_with_the_file(head: str, piece: str) -> None:
    def reading(size: int) -> Any:
        body = (head + piece * (size // len(piece))).encode()

        def work() -> None:
            try:
                read_rates(body, LATEST)
            except PriceQuality:
                return

        return work

    check_growth(reading)
