"""What is exported imports back to the same transactions."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from features.portfolios.files.booking import Booking
from features.portfolios.files.layout import Wishes
from features.portfolios.files.own import export_csv
from features.portfolios.files.reader import read_statement
from models.portfolio import Draft, Transaction, TransactionType
from models.statement import StatementFormat

DAY = date(2024, 3, 15)
NOTE_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\u0085\u2028\u2029")
NOTES = st.none() | st.text(NOTE_LETTERS, min_size=1, max_size=60).map(str.strip).filter(bool)
NUMBERS = st.decimals(min_value=0, max_value=10**12, places=6, allow_nan=False, allow_infinity=False)
OPTIONAL = st.none() | NUMBERS
TRANSACTIONS = st.builds(
    Transaction,
    id=st.just("x"),
    since_version=st.just(1),
    recorded_at=st.just(datetime(2024, 3, 15, tzinfo=UTC)),
    type=st.sampled_from(TransactionType),
    day=st.dates(date(1971, 1, 1), date(2030, 1, 1)),
    currency=st.sampled_from(["USD", "GBp", "EUR"]),
    ticker=st.none() | st.sampled_from(["ACME", "BRK.B", "^GSPC", "X=Y"]),
    quantity=OPTIONAL,
    price=OPTIONAL,
    amount=st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False, allow_infinity=False),
    fee=NUMBERS,
    tax=NUMBERS,
    fx_rate=OPTIONAL,
    acquired=st.none() | st.just(DAY),
    numerator=st.none() | st.integers(1, 1000),
    denominator=st.none() | st.integers(1, 1000),
    note=NOTES,
)


def drafts_of(raw: bytes) -> list[Draft]:
    statement = read_statement(raw, Wishes())
    assert statement.faults.listed == []
    assert statement.reading.format is StatementFormat.BELLWETHER
    return list(map(with_ticker, statement.bookings))


def with_ticker(booking: Booking) -> Draft:
    values = {field.name: getattr(booking.draft, field.name) for field in fields(Draft)}
    return Draft(**{**values, "ticker": booking.security and booking.security.symbol})


def exported(*transactions: Transaction) -> bytes:
    return b"".join(export_csv(transactions))


@given(st.lists(TRANSACTIONS, min_size=1, max_size=5))
def test_an_export_imports_back(transactions: list[Transaction]) -> None:
    expected = [Draft(**{field.name: getattr(one, field.name) for field in fields(Draft)}) for one in transactions]
    assert drafts_of(exported(*transactions)) == expected


def deposit(note: str) -> Transaction:
    values = {"id": "x", "since_version": 1, "recorded_at": datetime(2024, 3, 15, tzinfo=UTC)}
    return Transaction(TransactionType.DEPOSIT, DAY, "EUR", amount=Decimal(5), note=note, **values)  # type: ignore[arg-type]


def test_no_note_is_run_by_a_spreadsheet() -> None:
    for note in ('=HYPERLINK("http://x")', "+1", "-1", "@x", "'=1", "''quoted'"):
        raw = exported(deposit(note))
        assert f",{note}".encode() not in raw
        assert [draft.note for draft in drafts_of(raw)] == [note]


def test_a_note_of_several_lines_and_with_quotes_comes_back() -> None:
    assert [draft.note for draft in drafts_of(exported(deposit('one\n"two", three')))] == ['one\n"two", three']


def test_a_long_ledger_is_written_whole() -> None:
    raw = exported(*[deposit(str(number)) for number in range(2_345)])
    assert [draft.note for draft in drafts_of(raw)] == list(map(str, range(2_345)))
