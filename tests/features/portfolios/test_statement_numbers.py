"""Numbers of any size and kind in files of transactions: they are read, or told with their line, and never stop the import."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from kit import broker_files as samples
from kit.portfolios import make_portfolio
from kit.support import Client

from features.portfolios.files.decimals import read_decimal
from features.portfolios.files.drafting import ratio_of
from features.portfolios.files.layout import Wishes
from features.portfolios.files.own import HEADER
from features.portfolios.files.reader import read_statement
from models.portfolio import WHOLE_DIGITS

ODD = ("1e999999", "1e-999999", "1e99", "1e-99", "NaN", "Infinity", "-0", "9" * 30, "0." + "3" * 30, "-1")
OWN = f"{','.join(HEADER)}\n2024-03-15,buy,ACME,10,100,,1,2,USD,0.9,,,,\n2024-03-16,split,ACME,,,,0,0,USD,,,3,2,\n"
GENERIC = (
    "Date,Type,Ticker,Quantity,Price,Amount,Fee,Tax,Currency,FX rate,Ratio\n"
    "2024-03-15,Buy,ACME,10,100,1000,1,2,USD,0.9,\n2024-03-16,Dividend,ACME,,,5,0,1,USD,0.9,\n2024-03-17,Split,ACME,,,,,,USD,,2\n"
)
FILES = {
    "own": OWN,
    "generic": GENERIC,
    "ghostfolio": samples.GHOSTFOLIO,
    "portfolio performance": samples.PORTFOLIO_PERFORMANCE_EN,
    "trade republic": samples.TRADE_REPUBLIC,
    "trade republic's table": samples.TRADE_REPUBLIC_TABLE,
    "flex trades": samples.FLEX_TRADES,
    "flex cash": samples.FLEX_CASH,
    "activity": samples.ACTIVITY,
    "degiro": samples.DEGIRO_EN,
    "degiro's account": samples.DEGIRO_ACCOUNT,
}


def with_odd_numbers(text: str) -> Iterator[str]:
    """The file again and again, with another number of it replaced by an odd one."""
    delimiter = ";" if ";" in text.split("\n", 1)[0] else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if read_decimal(cell, ".") is None:
                continue
            for odd in ODD:
                changed = [*rows[:number], [*row[:place], odd, *row[place + 1 :]], *rows[number + 1 :]]
                written = io.StringIO()
                csv.writer(written, delimiter=delimiter).writerows(changed)
                yield written.getvalue()


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in FILES.items()])
def test_an_odd_number_in_any_place_is_read_or_told(text: str) -> None:
    for changed in with_odd_numbers(text):
        for booking in read_statement(changed.encode(), Wishes()).bookings:
            told = booking.draft.quantity, booking.draft.price, booking.draft.fee, booking.draft.tax, booking.draft.fx_rate
            assert all(number is None or number.adjusted() < WHOLE_DIGITS for number in told)


def test_too_many_digits_are_told_with_their_line() -> None:
    [fault] = read_statement(GENERIC.replace(",100,1000,", f",{'9' * 16},,").encode(), Wishes()).faults.listed
    assert (fault.place, fault.message) == ("line 2, column Price", "It has more than 15 digits before the point.")


@pytest.mark.parametrize("field", ["quantity", "unitPrice", "fee"])
@pytest.mark.parametrize("number", ["1e999999", "Infinity", "9" * 30, True, "many", [1]])
def test_an_odd_number_in_the_json_of_ghostfolio_is_told(field: str, number: object) -> None:
    activity = {"date": "2024-01-02", "type": "BUY", "symbol": "ACME", "quantity": 10, "unitPrice": 5, "fee": 1, "currency": "USD"}
    statement = read_statement(json.dumps({"activities": [{**activity, field: number}]}).encode(), Wishes())
    assert [(fault.line, fault.column) for fault in statement.faults.listed] == [(1, field)]
    assert statement.bookings == []


SYMBOLS = {"US0000000001": "ACME", "US0000000003": "COLA", "IE0000000002": "WRLD", "GB0000000004": "AV"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(samples.DEGIRO_ACCOUNT.replace('"19,84"', f'"1{"0" * 21},00"'), "line 14, column Mutatie", id="degiro's account"),
        pytest.param(samples.DEGIRO_EN.replace("280,41.3996,USD", f"1{'0' * 13},1{'0' * 15},EUR"), "line 2, column Price", id="degiro"),
        pytest.param(GENERIC.replace(",10,100,1000,", f",{'9' * 15},{'9' * 15},,"), "line 2, column Price", id="a product of too much"),
    ],
)
def test_a_number_of_too_many_digits_refuses_the_file(client: Client, text: str, place: str) -> None:
    query = urlencode({"symbols": json.dumps(SYMBOLS)})
    portfolio = make_portfolio(client, base_currency="EUR")
    refused: Any = client("POST", f"/portfolios/{portfolio}/transactions/import?{query}", data=text, content_type="text/csv")
    assert (refused.status_code, refused.json["code"]) == (422, "statement_refused")
    assert place in [error["field"] for error in refused.json["errors"]]


@pytest.mark.parametrize(
    "text", ["1e400000000", "1e-400000000", "1/1e9", "inf", "1_0", "2.5:1", "on 2024-03-15", "9" * 50, "1." + "3" * 5_000, "-2", "0"]
)
def test_what_is_no_plain_ratio_is_none(text: str) -> None:
    """`1e400000000` as an exact number has as many digits, which take hours."""
    assert ratio_of(text) is None


@pytest.mark.parametrize(
    ("text", "ratio"), [("2,5", (5, 2)), ("0.1", (1, 10)), ("3", (3, 1)), ("3/2", (3, 2)), ("on 2024-03-15: 4 for 2.", (4, 2))]
)
def test_a_plain_ratio_is_read(text: str, ratio: tuple[int, int]) -> None:
    assert ratio_of(text) == ratio
