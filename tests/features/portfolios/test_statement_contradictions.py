"""Files that say two things at once: decimal signs, amounts, and signs that do not go with a type. One of the two would be read wrong."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from kit import broker_files as samples
from kit.portfolios import make_portfolio
from kit.support import Client

from features.portfolios.files.layout import Wishes
from features.portfolios.files.reader import Statement, read_statement
from models.portfolio import TransactionType as Type

HEADER = "Date;Type;Ticker;Quantity;Price;Amount;Fee;Currency\n"


def read(text: str, **wishes: object) -> Statement:
    return read_statement(text.encode(), Wishes(**wishes))  # type: ignore[arg-type]


def bought(*cells: str) -> str:
    """Lines of purchases, of each `quantity;price;amount;fee`."""
    return HEADER + "".join(f"2024-03-15;Buy;ACME;{each};EUR\n" for each in cells)


def faults(text: str, **wishes: object) -> list[tuple[str, str]]:
    return [(fault.place, fault.message) for fault in read(text, **wishes).faults.listed]


def test_a_column_with_a_decimal_comma_and_decimal_points_is_told_by_its_line() -> None:
    told = faults(bought("1;12.50;;0", "2;13.25;;0", "3;14,75;;0"))
    assert told == [
        (
            "line 4, column Price",
            "'14,75' has a decimal comma, and others of the column are read with a decimal point. Write the numbers of the column alike.",
        )
    ]


def test_a_cell_that_tells_its_sign_tells_that_of_its_column() -> None:
    """`-1,00` beside `1,000`: both have a decimal comma, whatever other columns have."""
    text = "Date;Type;Amount;Fee;Currency\n2024-03-15;Withdrawal;-1,00;0.25;EUR\n2024-03-16;Deposit;1,000;0.50;EUR\n"
    assert [booking.draft.amount for booking in read(text).bookings] == [Decimal(1), Decimal(1)]
    assert [booking.draft.fee for booking in read(text).bookings] == [Decimal("0.25"), Decimal("0.50")]
    assert [place for place, _ in faults(text, decimal=".")] == ["line 2, column Amount"]


def test_columns_may_have_signs_of_their_own() -> None:
    [booking] = read(bought("1,5;1234.50;1.851,75;0")).bookings
    assert (booking.draft.quantity, booking.draft.price) == (Decimal("1.5"), Decimal("1234.5"))


@pytest.mark.parametrize(
    ("cells", "is_told"),
    [
        pytest.param("10;5;50;0", False, id="the same"),
        pytest.param("10;5;-50;0", False, id="as it is paid"),
        pytest.param("10;5;53;3", False, id="with the fee"),
        pytest.param("1;5;14;10", False, id="with a fee that is more"),
        pytest.param("10;5;500;0", True, id="ten times as much"),
        pytest.param("1,000;2.50;2500.00;0", False, id="a thousand by the sign of other columns"),
        pytest.param("1,000;2,50;2500,00;0", True, id="one by the sign of other columns"),
        pytest.param("10;0;50;0", False, id="a price of nothing"),
    ],
)
def test_quantity_times_price_is_about_the_amount(cells: str, *, is_told: bool) -> None:
    found = faults(bought(cells))
    assert [place for place, _ in found] == (["line 2, column Amount"] if is_told else [])
    assert all("×" in message and "decimal" in message for _, message in found)


def test_a_price_in_pence_and_an_amount_in_another_currency_go_together() -> None:
    pence = "Date,Type,Ticker,Quantity,Price,Amount,Currency\n2024-03-15,Buy,ACME,10,250,25,GBp\n"
    assert faults(pence) == []
    yen = "Date,Type,Ticker,Quantity,Price,Amount,Currency,FX rate\n2024-03-15,Buy,ACME,10,2500,150.5,JPY,0.00602\n"
    assert faults(yen) == []
    assert faults(yen.replace(",FX rate", "").replace(",0.00602", "")) != []
    assert faults(yen.replace(",FX rate", "").replace(",0.00602", ""), columns={"amount": "note"}) == []


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        pytest.param("2024-03-15;Buy;ACME;-5;10;;0;EUR", "Quantity", "or as a sell", id="a buy"),
        pytest.param("2024-03-15;Transfer in;ACME;-5;10;;0;EUR", "Quantity", "or as a transfer_out", id="a transfer in"),
        pytest.param("2024-03-15;Buy;ACME;5;-10;;0;EUR", "Price", "not below 0", id="a price"),
        pytest.param("2024-03-15;Deposit;;;;-5;0;EUR", "Amount", "or as a withdrawal", id="a deposit"),
        pytest.param("2024-03-15;Dividend;ACME;;;-5;0;EUR", "Amount", "taken back", id="a dividend"),
    ],
)
def test_a_sign_that_does_not_go_with_the_type_is_a_fault(line: str, place: str, words: str) -> None:
    statement = read(f"{HEADER}{line}\n")
    assert statement.bookings == []
    [fault] = statement.faults.listed
    assert fault.place == f"line 2, column {place}"
    assert words in fault.message


def test_signs_that_many_files_have_are_read() -> None:
    text = HEADER + "2024-03-15;Buy;ACME;5;10;-50;-1;EUR\n2024-03-16;Sell;ACME;-5;10;50;1;EUR\n2024-03-17;Withdrawal;;;;-5;0;EUR\n"
    drafts = [booking.draft for booking in read(text).bookings]
    assert [(each.type, each.quantity, each.amount, each.fee) for each in drafts] == [
        (Type.BUY, 5, None, 1),
        (Type.SELL, 5, None, 1),
        (Type.WITHDRAWAL, None, 5, 0),
    ]


def test_proceeds_of_interactive_brokers_are_compared() -> None:
    text = samples.ACTIVITY.replace("100,150.25,150.3,-15025,", "100,150.25,150.3,-1502500,")
    assert [(place, "15025" in message) for place, message in faults(text)] == [("line 4, column Proceeds", True)]


def test_the_commission_of_a_change_of_money_is_in_the_currency_that_its_column_names() -> None:
    text = (
        "Statement,Data,BrokerName,Interactive Brokers\n"
        "Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,,Proceeds,Comm in CHF,,,MTM,Code\n"
        'Trades,Data,Order,Forex,USD,EUR.USD,"2023-01-14, 10:00:00","1,000",1.08,,-1080,-1.87,,,0,\n'
    )
    drafts = [booking.draft for booking in read(text).bookings]
    assert [(each.type, each.amount, each.currency) for each in drafts] == [
        (Type.DEPOSIT, 1000, "EUR"),
        (Type.WITHDRAWAL, 1080, "USD"),
        (Type.FEE, Decimal("1.87"), "CHF"),
    ]


def test_days_with_dots_have_the_day_first() -> None:
    text = "Date;Type;Amount;Currency\n01.06.2004;Deposit;5;EUR\n02.07.2004;Deposit;5;EUR\n"
    assert [booking.draft.day for booking in read(text).bookings] == [date(2004, 6, 1), date(2004, 7, 2)]


def test_an_import_that_adds_nothing_answers_so(client: Client) -> None:
    portfolio = make_portfolio(client)

    def send(key: str) -> Any:
        path = f"/portfolios/{portfolio}/transactions/import"
        return client("POST", path, data=bought("1;5;;0"), content_type="text/csv", headers={"Idempotency-Key": key})

    first, again = send("one"), send("two")
    assert (first.status_code, first.json["added_total"]) == (201, 1)
    assert (again.status_code, again.json["added_total"], again.json["duplicates_total"]) == (200, 0, 1)
    assert again.json["version"] == first.json["version"]
    repeated = send("two")
    assert (repeated.status_code, repeated.json, repeated.headers["Idempotent-Replayed"]) == (200, again.json, "true")


GHOSTFOLIO = "Date,Code,DataSource,Currency,Price,Quantity,Action,Fee,Note\n"
PERFORMANCE = "Date,Type,Value,Transaction Currency,Fees,Taxes,Shares,ISIN,Security Name,Note\n"
TRADE_REPUBLIC = "date,category,type,name,symbol,shares,price,amount,fee,tax,currency\n"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        pytest.param(GHOSTFOLIO + "2024-03-15,ACME,YAHOO,USD,10,-4,buy,0,\n", "Quantity", id="Ghostfolio, a buy of -4"),
        pytest.param(GHOSTFOLIO + "2024-03-15,ACME,YAHOO,USD,-10,4,buy,0,\n", "Price", id="Ghostfolio, a price below 0"),
        pytest.param(GHOSTFOLIO + "2024-03-15,ACME,YAHOO,USD,10,-4,dividend,0,\n", None, id="Ghostfolio, a dividend of -4"),
        pytest.param(PERFORMANCE + "2024-03-15,Buy,-40,EUR,0,0,-4,US0378331005,Acme,\n", "Shares", id="Portfolio Performance, a buy"),
        pytest.param(PERFORMANCE + "2024-03-15,Deposit,-40,EUR,0,0,,,,\n", "Value", id="Portfolio Performance, a deposit"),
        pytest.param(
            TRADE_REPUBLIC + "2024-03-15,TRADING,BUY,Acme,US0378331005,-4,10,-40,0,0,EUR\n", "shares", id="Trade Republic, a buy of -4"
        ),
    ],
)
def test_signs_of_exports_that_have_no_meaning_are_faults(text: str, column: str | None) -> None:
    statement = read(text)
    assert statement.reading.format != "generic"
    assert [(fault.line, fault.column) for fault in statement.faults.listed] == [(2, column)]
    assert statement.bookings == []


def test_a_sale_may_have_a_quantity_below_0_in_ghostfolio() -> None:
    [sold] = read(GHOSTFOLIO + "2024-03-15,ACME,YAHOO,USD,10,-4,sell,0,\n").bookings
    assert (sold.draft.type, sold.draft.quantity) == (Type.SELL, Decimal(4))


@pytest.mark.parametrize(("quantity", "price", "column"), [(-4, 10, "quantity"), (4, -10, "unitPrice")])
def test_signs_of_the_json_of_ghostfolio_are_told(quantity: int, price: int, column: str) -> None:
    activity = {
        "type": "BUY",
        "symbol": "ACME",
        "date": "2024-03-15",
        "currency": "USD",
        "quantity": quantity,
        "unitPrice": price,
        "fee": 0,
    }
    statement = read(json.dumps({"activities": [activity]}))
    assert [(fault.line, fault.column) for fault in statement.faults.listed] == [(1, column)]
    assert statement.bookings == []
