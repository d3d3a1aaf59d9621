"""Tables of transactions of any origin: names of columns, numbers, days, delimiters and encodings; and what is refused."""

from __future__ import annotations

import codecs
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.portfolios.files.decimals import read_decimal
from features.portfolios.files.layout import Wishes
from features.portfolios.files.reader import Statement, read_statement
from features.prices.service import DateOrder
from models.portfolio import TransactionType as Type
from models.price_errors import AmbiguousDates
from models.statement import MOST_LISTED, MOST_STATEMENT_LINES, StatementFormat
from models.statement_errors import StatementRefused

HEADER = "Date,Type,Ticker,Quantity,Price,Fee,Currency\n"


def read(text: str | bytes, **wishes: object) -> Statement:
    return read_statement(text if isinstance(text, bytes) else text.encode(), Wishes(**wishes))  # type: ignore[arg-type]


def first(text: str | bytes, **wishes: object) -> tuple[object, ...]:
    statement = read(text, **wishes)
    assert statement.faults.listed == []
    booking = statement.bookings[0]
    draft = booking.draft
    return draft.type, draft.day, booking.security and booking.security.symbol, draft.quantity, draft.price, draft.fee, draft.currency


BOUGHT = (Type.BUY, date(2024, 3, 15), "ACME", Decimal("1250.5"), Decimal("12.25"), Decimal("4.9"), "EUR")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEADER + '2024-03-15,Buy,ACME,"1,250.5",12.25,4.90,EUR\n', id="English"),
        pytest.param("Datum;Typ;Ticker;Stück;Kurs;Gebühr;Währung\n15.03.2024;Kauf;ACME;1.250,5;12,25;4,90;EUR\n", id="German"),
        pytest.param("Datum;Soort;Symbool;Aantal;Koers;Kosten;Valuta\n15-03-2024;Aankoop;ACME;1250,5;12,25;-4,9;EUR\n", id="Dutch"),
        pytest.param("Date;Nature;Code;Quantité;Cours;Frais;Devise\n15/03/2024;Achat;ACME;1 250,5;12,25;4,9;EUR\n", id="French"),
        pytest.param(
            "Fecha\tTipo\tTicker\tCantidad\tPrecio\tComisión\tMoneda\n15/03/2024\tCompra\tACME\t1250,5\t12,25\t4,9\tEUR\n", id="Spanish"
        ),
        pytest.param("trade date|side|symbol|qty|price per share|commission|ccy\n20240315|B|ACME|1250.5|12.25|4.9|EUR\n", id="pipes"),
        pytest.param(
            "My broker\n\nDate,Type,Ticker,Quantity,Price,Fee,Currency\n15 Mar 2024,BUY,ACME,1250.5,12.25,4.9,EUR\n", id="a title"
        ),
        pytest.param("sep=;\nDate;Type;Ticker;Quantity;Price;Fee;Currency\n2024-03-15;buy;ACME;1250.5;12.25;4.9;EUR\n", id="sep="),
        pytest.param(HEADER + '2024-03-15T09:30:00Z,"buy",ACME,1250.5,12.25 EUR,(4.90),EUR\n', id="times, currencies, parentheses"),
        pytest.param("Date,Ticker,Quantity,Price,Fee,Currency\n2024-03-15,ACME,1250.5,12.25,4.9,EUR\n", id="no types: a purchase"),
    ],
)
def test_a_table_is_read_whatever_its_dialect(text: str) -> None:
    assert first(text) == BOUGHT


@pytest.mark.parametrize(
    ("encode", "told"),
    [
        pytest.param(lambda text: codecs.BOM_UTF8 + text.encode(), "utf-8", id="utf-8 with a mark"),
        pytest.param(lambda text: text.encode("utf-16"), "utf-16", id="utf-16"),
        pytest.param(lambda text: text.encode("utf-16-le"), "utf-16", id="utf-16 without a mark"),
        pytest.param(lambda text: text.encode("latin-1"), "windows-1252", id="latin-1"),
    ],
)
def test_an_encoding_is_found(encode: object, told: str) -> None:
    text = "Datum;Typ;Ticker;Stück;Kurs;Gebühr;Währung\n15.03.2024;Kauf;ACME;1.250,5;12,25;4,90;EUR\n"
    assert callable(encode)
    if told == "utf-16":
        text = text.replace("ü", "u").replace("ä", "a")
    raw = encode(text)
    assert first(raw) == BOUGHT
    assert read(raw).reading.encoding == told


def test_columns_are_named_by_the_sender() -> None:
    text = "When,What,Paper,How many,Each,Cut,Money\n2024-03-15,Buy,ACME,1250.5,12.25,4.90,EUR\n"
    columns = {"when": "day", "what": "type", "paper": "symbol", "howmany": "quantity", "each": "price", "cut": "fee", "money": "currency"}
    assert first(text, columns=columns) == BOUGHT


def test_a_column_that_the_sender_names_comes_before_one_that_is_known() -> None:
    text = "Date,Type,Ticker,Quantity,Price,Net price,Fee,Currency\n2024-03-15,Buy,ACME,1250.5,99,12.25,4.90,EUR\n"
    assert first(text, columns={"netprice": "price"}) == BOUGHT


def test_days_that_can_be_read_in_two_ways_are_told() -> None:
    text = HEADER + "03/04/2024,Buy,ACME,1,2,0,EUR\n06/05/2024,Buy,ACME,1,2,0,EUR\n02/05/2024,Buy,ACME,1,2,0,EUR\n"
    with pytest.raises(AmbiguousDates, match="dates=dmy"):
        read(text)
    assert read(text, dates=DateOrder.DMY).bookings[0].draft.day == date(2024, 4, 3)
    assert read(text, dates=DateOrder.MDY).bookings[0].draft.day == date(2024, 3, 4)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param("1.500;12.250;18.375", "1.5", id="as quantity times price is the amount: a point"),
        pytest.param("1,500;12,250;18,375", "1.5", id="the same: a comma"),
        pytest.param("1.500;2.000;3.000.000", "1500", id="as other cells tell"),
    ],
)
def test_the_decimal_sign_is_found(cells: str, expected: str) -> None:
    text = f"Date;Type;Ticker;Quantity;Price;Amount;Currency\n2024-03-15;Buy;ACME;{cells};EUR\n"
    assert read(text).bookings[0].draft.quantity == Decimal(expected)


def test_the_decimal_sign_may_be_told() -> None:
    text = "Date;Type;Ticker;Quantity;Price;Currency\n2024-03-15;Buy;ACME;1.500;2;EUR\n"
    assert [read(text, decimal=sign).bookings[0].draft.quantity for sign in (".", ",")] == [Decimal("1.5"), Decimal(1500)]


@pytest.mark.parametrize(
    ("cell", "sign", "number"),
    [
        pytest.param("1.234.567,89", ".", "1234567.89", id="both signs"),
        pytest.param("12,34,567.5", ",", "1234567.5", id="Indian groups"),
        pytest.param("-0,005", ".", "-0.005", id="a small one"),
        pytest.param("5-", ".", "-5", id="the minus behind"),
        pytest.param("−7", ".", "-7", id="a real minus"),
        pytest.param("1'234.50", ",", "1234.50", id="Swiss"),
        pytest.param("1\u00a0234,5", ".", "1234.5", id="a narrow blank"),
        pytest.param("$1,234", ".", "1234", id="a currency"),
        pytest.param("1.5E-05", ".", "0.000015", id="an exponent"),
        pytest.param("1,23,4", ".", None, id="groups of two"),
        pytest.param("12a", ".", None, id="a letter"),
        pytest.param("NaN", ".", None, id="NaN"),
        pytest.param("1" * 65, ".", None, id="too long"),
        pytest.param("٣", ".", None, id="other digits"),
    ],
)
def test_numbers(cell: str, sign: str, number: str | None) -> None:
    assert read_decimal(cell, sign) == (None if number is None else Decimal(number))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_number_is_read_as_it_is_written(number: Decimal) -> None:
    assert read_decimal(f"{number:f}", ".") == number
    assert read_decimal(f"{number:,f}", ".") == number
    assert read_decimal(f"{number:,f}".translate(str.maketrans(",.", ".,")), ",") == number


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"PK\x03\x04" + b"x" * 100, "ZIP", id="an archive"),
        pytest.param(b"%PDF-1.7", "PDF", id="PDF"),
        pytest.param(HEADER.encode() + b"2024-03-15,Buy,AC\x00ME,1,2,0,EUR\n", r"U\+0000", id="a NUL"),
        pytest.param(b"a,b,c\n1,2,3\n", "no header is known", id="no header"),
        pytest.param(HEADER.encode(), "no rows", id="a header alone"),
        pytest.param(b'{"activities": [', "JSON", id="half a JSON"),
        pytest.param(b'{"a": 1}', "activities", id="another JSON"),
        pytest.param(HEADER.encode() + b"x" * 30_000, "characters", id="a long line"),
        pytest.param(HEADER.encode() + b"2024-03-15,Buy,ACME,1,2,0,EUR\n" * (MOST_STATEMENT_LINES + 50), "lines", id="too many lines"),
        pytest.param(b"<!doctype html><html></html>", "HTML", id="a page"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(raw: bytes, words: str) -> None:
    with pytest.raises(StatementRefused, match=words):
        read(raw)


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        pytest.param("2024-03-15,Buy,ACME,1,2,0,EUR\n2024-03-16,Buy,AC", "line 3", "cut off", id="half a last line"),
        pytest.param('2024-03-15,Buy,ACME,1,2,0,EUR\n2024-03-16,"Buy,ACME,1,2,0,EUR\n', "line 3", "quote", id="an open quote"),
        pytest.param("2024-03-15,Buy,ACME,one,2,0,EUR\n", "line 2, column Quantity", "no number", id="a word for a number"),
        pytest.param("2024-03-15,Buy,ACME,1,560.5 USD,0,EUR\n", "line 2, column Price", "in EUR and in USD", id="two currencies"),
        pytest.param("15th of March,Buy,ACME,1,2,0,EUR\n2024-03-15,Buy,ACME,1,2,0,EUR\n", "line 2, column Date", "no day", id="no day"),
        pytest.param("2024-03-15,Teleport,ACME,1,2,0,EUR\n", "line 2, column Type", "no known type", id="an unknown type"),
    ],
)
def test_a_fault_names_its_line_and_what_to_do(lines: str, place: str, words: str) -> None:
    faults = read(HEADER + lines).faults.listed
    assert [fault.place for fault in faults] == [place]
    assert words in faults[0].message


@pytest.mark.parametrize(
    ("price", "currency"),
    [("560.5 USD", "USD"), ("USD 560.5", "USD"), ("$560.5", "USD"), ("560.5 €", "EUR"), ("£560.5", "GBP"), ("560.5", "")],
)
def test_a_currency_beside_the_price_counts(price: str, currency: str) -> None:
    found = first(f"Date,Type,Ticker,Quantity,Price\n2024-03-15,Buy,ACME,1,{price}\n")
    assert (found[4], found[6]) == (Decimal("560.5"), currency)


def test_which_dollar_it_is_a_column_tells() -> None:
    assert first(HEADER + "2024-03-15,Buy,ACME,1,$560.5,0,CAD\n")[6] == "CAD"


def test_all_faults_are_counted_and_the_first_are_listed() -> None:
    faults = read(HEADER + "2024-03-15,Teleport,ACME,1,2,0,EUR\n" * 250).faults
    assert (faults.total, len(faults.listed)) == (250, MOST_LISTED)


def test_the_format_that_is_asked_for_must_fit() -> None:
    with pytest.raises(StatementRefused, match="has not the columns of degiro_account"):
        read_statement(HEADER.encode(), Wishes(), StatementFormat.DEGIRO_ACCOUNT)


def test_a_note_may_have_several_lines() -> None:
    text = 'Date,Type,Amount,Currency,Note\n2024-03-15,Deposit,5,EUR,"one\ntwo"\n2024-03-16,Deposit,6,EUR,three\n'
    assert [(booking.line, booking.draft.note) for booking in read(text).bookings] == [(2, "one\ntwo"), (4, "three")]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("4 for 1", (4, 1)), ("1:10", (1, 10)), ("2.5", (5, 2)), ("nothing", (None, None)), ("0:1", (None, None))],
)
def test_the_ratio_of_a_split(word: str, expected: tuple[int | None, int | None]) -> None:
    [booking] = read(f"Date,Type,Ticker,Ratio\n2024-03-15,Split,ACME,{word}\n").bookings
    assert (booking.draft.numerator, booking.draft.denominator) == expected


def test_interest_that_is_paid_is_a_fee_and_a_deposit_below_zero_is_told_by_its_type() -> None:
    text = "Date,Type,Amount,Currency\n2024-03-15,Interest,-2,EUR\n2024-03-16,Interest,3,EUR\n2024-03-17,Withdrawal,-5,EUR\n"
    assert [(booking.draft.type, booking.draft.amount) for booking in read(text).bookings] == [
        (Type.FEE, Decimal(2)),
        (Type.INTEREST, Decimal(3)),
        (Type.WITHDRAWAL, Decimal(5)),
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param("Buy,ACME,10,,1001.5,1,0.5", "1000", id="a purchase"),
        pytest.param("Buy,ACME,10,,-1001.5,-1,0.5", "1000", id="as it is paid"),
        pytest.param("Buy,ACME,10,100,1001.5,1,0.5", None, id="with a price, which counts"),
        pytest.param("Sell,ACME,-10,,998.5,1,0.5", "1000", id="a sale"),
        pytest.param("Sell,ACME,1,,-5,10,", "5", id="a sale that costs more than it brings"),
        pytest.param("Dividend,ACME,,,85,,15", "100", id="a dividend"),
        pytest.param("Interest,,,,8.5,,1.5", "10", id="interest"),
        pytest.param("Interest,,,,-2,0.5,", "2", id="interest that is paid"),
        pytest.param("Deposit,,,,995,5,", "1000", id="a deposit"),
        pytest.param("Withdrawal,,,,1005,5,", "1000", id="a withdrawal"),
        pytest.param("Fee,,,,5,,", "5", id="a fee"),
    ],
)
def test_a_net_amount_is_after_fee_and_tax(cells: str, expected: str | None) -> None:
    statement = read(f"Date,Type,Ticker,Quantity,Price,Net amount,Fee,Tax\n2024-03-15,{cells}\n")
    assert (statement.faults.listed, statement.reading.columns["net"]) == ([], "Net amount")
    assert statement.bookings[0].draft.amount == (None if expected is None else Decimal(expected))


def test_a_net_amount_counts_where_there_is_no_other_and_cannot_be_less_than_its_costs() -> None:
    header = "Date;Type;Ticker;Quantity;Gross amount;Net amount;Fee\n"
    text = header + "2024-03-15;Buy;ACME;10;1.000,5;1.001,5;1,5\n2024-03-16;Buy;ACME;10;;1.001,5;1,5\n2024-03-17;Buy;ACME;1;;1,5;2,5\n"
    statement = read(text)
    assert [booking.draft.amount for booking in statement.bookings[:2]] == [Decimal("1000.5"), Decimal(1000)]
    [fault] = statement.faults.listed
    assert (fault.place, "before them it would be -1.0" in fault.message) == ("line 4, column Net amount", True)


@pytest.mark.parametrize(
    ("cells", "rate"),
    [
        pytest.param("10,100,0,1.25,800", "0.8", id="divided"),
        pytest.param("10,100,0,1.25,1250", "1.25", id="multiplied"),
        pytest.param("10,100,0,1.25,1000", "1.25", id="in the currency of the trade"),
        pytest.param("10,100,5,1.25,804", "0.8", id="divided, with the fee in the currency of the trade"),
        pytest.param("10,100,5,1.25,805", "0.8", id="divided, with the fee in that of the account"),
        pytest.param("10,100,0,1.25,-800.01", "0.8", id="divided, rounded, as it is paid"),
        pytest.param("10,100,0,1.25,780", "1.25", id="something else"),
        pytest.param("10,100,0,1.25,", "1.25", id="no amount"),
        pytest.param("10,100,0,1,1000", "1", id="one for one"),
    ],
)
def test_a_rate_is_turned_round_where_the_amount_tells_so(cells: str, rate: str) -> None:
    statement = read(f"Date,Type,Ticker,Quantity,Price,Fee,Exchange rate,Total,Currency\n2024-03-15,Buy,ACME,{cells},USD\n")
    assert (statement.faults.listed, statement.bookings[0].draft.fx_rate) == ([], Decimal(rate))
