"""Files of each format, and the transactions that must come out of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kit import broker_files as samples

from features.portfolios.files.booking import Booking
from features.portfolios.files.layout import Wishes
from features.portfolios.files.reader import Statement, read_statement
from models.statement import StatementFormat


def read(text: str) -> Statement:
    return read_statement(text.encode(), Wishes())


def told(booking: Booking) -> str:
    """A booking in a line: what it has, in the order of the fields."""
    draft, security = booking.draft, booking.security
    numbers = {
        "n": draft.quantity, "price": draft.price, "amount": draft.amount, "fee": draft.fee or None, "tax": draft.tax or None,
        "num": draft.numerator, "den": draft.denominator,
    }  # fmt: skip
    words = [f"{name}={Decimal(number).normalize():f}" for name, number in numbers.items() if number is not None]
    name = "" if security is None else security.isin or security.symbol
    return " ".join([str(draft.day), str(draft.type), *([name] if name else []), *words, draft.currency])


CASES = {
    "ghostfolio": (
        samples.GHOSTFOLIO,
        StatementFormat.GHOSTFOLIO,
        [
            "2021-03-01 fee amount=12.5 USD",
            "2021-03-16 buy ACME n=4 price=100.25 fee=1.5 USD",
            "2021-05-17 dividend ACME amount=2 USD",
            "2021-05-18 sell ACME n=1 price=110 fee=1 USD",
        ],
    ),
    "ghostfolio's JSON": (
        samples.GHOSTFOLIO_JSON,
        StatementFormat.GHOSTFOLIO_JSON,
        [
            "2021-03-01 fee amount=12.5 USD",
            "2021-03-16 buy ACME n=4 price=100.25 fee=1.5 USD",
            "2021-05-17 dividend ACME amount=2 USD",
        ],
    ),
    **{
        f"portfolio performance, {language}": (
            text,
            StatementFormat.PORTFOLIO_PERFORMANCE,
            [
                "2021-03-01 deposit amount=2000 EUR",
                "2021-03-16 buy DE0000000001 n=10 amount=1000 fee=4 tax=0.5 EUR",
                "2021-05-17 dividend DE0000000001 amount=10 tax=1.5 EUR",
                "2021-05-18 sell DE0000000001 n=5 amount=550 fee=4 tax=1 EUR",
                "2021-05-19 tax amount=-3.25 EUR",
                "2021-05-20 transfer_in DE0000000001 n=2 amount=120 EUR",
                "2021-05-21 withdrawal amount=100 EUR",
            ],
        )
        for language, text in (("English", samples.PORTFOLIO_PERFORMANCE_EN), ("German", samples.PORTFOLIO_PERFORMANCE_DE))
    },
    "trade republic": (
        samples.TRADE_REPUBLIC,
        StatementFormat.TRADE_REPUBLIC,
        [
            "2024-03-01 deposit amount=1000 EUR",
            "2024-03-02 buy US0000000001 n=2 amount=421 fee=1 EUR",
            "2024-05-15 dividend US0000000001 amount=0.44 tax=0.12 EUR",
            "2024-06-01 sell US0000000001 n=1 amount=230 fee=1 tax=4.5 EUR",
            "2024-06-30 interest amount=1.2 tax=0.32 EUR",
            "2024-07-01 tax amount=-2.1 EUR",
            "2024-07-02 withdrawal amount=23.9 EUR",
        ],
    ),
    "trade republic's table": (
        samples.TRADE_REPUBLIC_TABLE,
        StatementFormat.TRADE_REPUBLIC_TABLE,
        [
            "2024-03-01 deposit amount=1000 EUR",
            "2024-03-02 buy US0000000001 n=2.5 amount=420 fee=1 EUR",
            "2024-05-15 dividend US0000000001 amount=0.44 tax=0.12 EUR",
            "2024-06-01 sell US0000000001 n=1 amount=230 fee=1 tax=4.5 EUR",
            "2024-06-02 withdrawal amount=10.84 EUR",
        ],
    ),
    "interactive brokers, trades of a query": (
        samples.FLEX_TRADES,
        StatementFormat.INTERACTIVE_BROKERS_FLEX,
        [
            "2023-04-03 buy US0000000001 n=17 price=204.3473 fee=1 USD",
            "2023-04-04 sell US0000000001 n=7 price=210 USD",
            "2023-04-04 fee US0000000001 amount=1.5 CHF",
            "2023-04-05 withdrawal amount=100 EUR",
            "2023-04-05 deposit amount=110 USD",
            "2023-04-05 fee amount=2 CHF",
        ],
    ),
    "interactive brokers, cash of a query": (
        samples.FLEX_CASH,
        StatementFormat.INTERACTIVE_BROKERS_FLEX,
        [
            "2023-06-23 dividend US0000000001 amount=137.23 tax=20.58 USD",
            "2023-07-03 interest amount=3.5 USD",
            "2023-07-04 fee amount=1.5 USD",
            "2023-07-05 deposit amount=500 USD",
        ],
    ),
    "interactive brokers, activity": (
        samples.ACTIVITY,
        StatementFormat.INTERACTIVE_BROKERS_ACTIVITY,
        [
            "2023-01-15 buy US0000000001 n=100 price=150.25 fee=1 USD",
            "2023-06-15 sell US0000000001 n=40 price=160.5 fee=1.5 USD",
            "2023-01-14 deposit amount=1000 EUR",
            "2023-01-14 withdrawal amount=1080 USD",
            "2023-01-14 fee amount=2 USD",
            "2023-01-10 deposit amount=20000 USD",
            "2023-03-15 dividend US0000000001 amount=24 tax=3.6 USD",
            "2023-02-03 interest amount=2.5 USD",
            "2023-03-03 fee amount=0.5 USD",
            "2023-03-31 fee amount=1.5 USD",
            "2023-05-02 split US0000000001 num=4 den=1 USD",
        ],
    ),
    "degiro, English": (
        samples.DEGIRO_EN,
        StatementFormat.DEGIRO_TRANSACTIONS,
        [
            "2026-04-29 buy US0000000001 n=280 amount=9910.62 fee=26.78 EUR",
            "2025-10-10 sell IE0000000002 n=450 price=10.37 fee=3 EUR",
            "2022-06-06 split US0000000001 num=20 den=1 EUR",
        ],
    ),
    "degiro, Dutch": (
        samples.DEGIRO_NL,
        StatementFormat.DEGIRO_TRANSACTIONS,
        [
            "2026-04-29 buy US0000000001 n=280 amount=9910.62 fee=26.78 EUR",
            "2025-10-10 sell IE0000000002 n=450 price=10.37 fee=3 EUR",
        ],
    ),
    "degiro's account": (
        samples.DEGIRO_ACCOUNT,
        StatementFormat.DEGIRO_ACCOUNT,
        [
            "2022-12-17 deposit amount=27.8 EUR",
            "2022-12-17 deposit amount=1.28 EUR",
            "2022-12-17 withdrawal amount=1.36 USD",
            "2022-12-16 dividend US0000000003 amount=0.44 tax=0.07 USD",
            "2022-12-15 buy US0000000001 n=1 amount=31.91 fee=1 EUR",
            "2024-02-05 fee amount=2.5 EUR",
            "2024-04-02 sell GB0000000004 n=4 amount=19.84 GBP",
        ],
    ),
}


@pytest.mark.parametrize(("text", "form", "expected"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_a_format_is_found_and_read(text: str, form: StatementFormat, expected: list[str]) -> None:
    statement = read(text)
    assert statement.reading.format is form
    assert statement.faults.listed == []
    assert [told(booking) for booking in statement.bookings] == expected


@pytest.mark.parametrize(("text", "form", "expected"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_a_format_may_be_named(text: str, form: StatementFormat, expected: list[str]) -> None:
    statement = read_statement(text.encode(), Wishes(), form)
    assert [told(booking) for booking in statement.bookings] == expected


def test_lines_are_those_of_the_file() -> None:
    statement = read(samples.ACTIVITY)
    lines = samples.ACTIVITY.split("\n")
    bought = statement.bookings[0]
    assert lines[bought.line - 1].startswith("Trades,Data,Order,Stocks,USD,ACME")
    assert [lines[left.line - 1].split(",")[2:4] for left in statement.faults.left_out] == [
        ["Trade", "Stocks"],
        ["Order", "Equity and Index Options"],
    ]


def test_what_was_split_by_trade_republic_is_left_to_the_corporate_actions() -> None:
    [left] = read(samples.TRADE_REPUBLIC).faults.left_out
    assert "corporate actions" in left.reason


def test_the_price_abroad_is_kept_as_a_note() -> None:
    assert read(samples.DEGIRO_EN).bookings[0].draft.note == "at 41.3996 USD"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        pytest.param("2021-03-16T09:30,Teleport,1,EUR,,,,,,10,DE0000000001,,ACME,Acme,", "line 2, column Type", id="unknown type"),
        pytest.param("2021-03-16T09:30,Buy,,EUR,,,,,,10,DE0000000001,,ACME,Acme,", "line 2, column Value", id="no value"),
        pytest.param("2021-03-16T09:30,Buy,abc,EUR,,,,,,10,DE0000000001,,ACME,Acme,", "line 2, column Value", id="no number"),
        pytest.param("2021-02-30T09:30,Buy,1,EUR,,,,,,10,DE0000000001,,ACME,Acme,", "line 2, column Date", id="no day"),
        pytest.param("2021-03-16T09:30,Buy,1,EUR,,,,,,,DE0000000001,,ACME,Acme,", "line 2, column Shares", id="no shares"),
    ],
)
def test_a_fault_has_its_line_and_column(line: str, place: str) -> None:
    header = samples.PORTFOLIO_PERFORMANCE_EN.split("\n", 1)[0]
    statement = read(f"{header}\n{line}\n")
    assert place in [fault.place for fault in statement.faults.listed]
    assert statement.bookings == []


def test_a_dividend_that_is_taken_back_the_same_day_is_none() -> None:
    text = samples.ACTIVITY.replace(
        "Dividends,Data,Total,,,24",
        "Dividends,Data,USD,2023-03-15,ACME(US0000000001) Cash Dividend USD 0.24 per Share (Ordinary Dividend),-24\n"
        "Dividends,Data,USD,2023-03-15,ACME(US0000000001) Cash Dividend USD 0.30 per Share (Ordinary Dividend),30",
    )
    dividends = [told(booking) for booking in read(text).bookings if booking.draft.type == "dividend"]
    assert dividends == ["2023-03-15 dividend US0000000001 amount=30 tax=3.6 USD"]


def test_payments_in_lieu_of_dividends_are_dividends() -> None:
    text = samples.ACTIVITY + (
        "Payment In Lieu Of Dividends,Header,Currency,Date,Description,Amount\n"
        "Payment In Lieu Of Dividends,Data,USD,2023-03-15,ACME(US0000000001) Payment in Lieu of Dividend (Ordinary Dividend),6\n"
        "Payment In Lieu Of Dividends,Data,USD,2023-04-15,ACME(US0000000001) Payment in Lieu of Dividend (Ordinary Dividend),5\n"
        "Payment In Lieu Of Dividends,Data,Total,,,11\n"
    )
    dividends = [told(booking) for booking in read(text).bookings if booking.draft.type == "dividend"]
    assert dividends == [
        "2023-03-15 dividend US0000000001 amount=30 tax=3.6 USD",
        "2023-04-15 dividend US0000000001 amount=5 USD",
    ]


def test_lines_of_sections_that_are_not_read_are_told() -> None:
    text = samples.ACTIVITY + (
        "Transfers,Header,Asset Category,Currency,Symbol,Date,Type,Direction,Xfer Company,Xfer Account,Qty\n"
        "Transfers,Data,Stocks,USD,ACME,2023-08-30,ATON,In,--,U1,50\n"
        "Transfers,Data,Total,,,,,,,,\n"
    )
    [reason] = [left.reason for left in read(text).faults.left_out if left.line == text.count("\n") - 1]
    assert reason == "Of the section 'Transfers', which is not read: add what it changed by hand."


def test_a_split_takes_effect_on_the_day_after_its_evening() -> None:
    text = samples.ACTIVITY.replace("Report Date,Date/Time", "Date/Time").replace(
        '2023-05-02,"2023-05-01, 20:25:00"', '"2023-05-01, 20:25:00"'
    )
    assert told(read(text).bookings[-1]) == "2023-05-02 split US0000000001 num=4 den=1 USD"


def test_a_dividend_that_is_taken_back_later_is_a_fault() -> None:
    text = samples.FLEX_CASH + '"Dividends","20230624","US0000000001","ACME(US0000000001) REVERSAL","-137.23","USD"\n'
    [fault] = read(text).faults.listed
    assert fault.line == text.count("\n")
    assert "taken back" in fault.message
