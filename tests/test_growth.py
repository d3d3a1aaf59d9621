"""No parser of a caller's input does work that grows faster than the input, nor does what is made of a ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit import broker_files
from kit.growth import check_growth
from kit.portfolios import RECORDED, make_portfolio
from kit.support import Client, settings_for
from pydantic import ValidationError
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

import database
from analysis.lots import Terms, book
from analysis.quantities import quantities
from api import authentication as auth
from api import compression, paging
from app import create_app
from features.accounts.api_keys import KeyRing
from features.accounts.sessions import Sessions
from features.analyses.schemas.analysis import BulkAnalyzeRequest
from features.analyses.schemas.series import SeriesQuery
from features.portfolios.files.layout import Wishes
from features.portfolios.files.reader import read_statement
from features.portfolios.service import Ledger
from features.portfolios.statement_import import ImportWishes, try_import
from features.portfolios.statement_import import read_file as read_file_of_transactions
from features.prices.files.reader import ReadOptions, read_file
from features.prices.service import stream_csv
from infrastructure.cache import NoCache
from infrastructure.sql import script as sql_script
from jobs.schemas import StreamHeaders
from models.api_key import FIRST_ORG
from models.portfolio import CostMethod, Transaction, TransactionType
from models.price_errors import AmbiguousDates, PriceQuality
from models.price_series import Bar, PackedBars
from models.statement_errors import StatementRefused
from utils.api_utils import ApiError, StrictRequest, validation_problem
from utils.json_text import DuplicateKeys, MalformedJSON, parse_strict, parse_tolerant
from web import sign_in

HEADER = "Date,Open,High,Low,Close,Volume\n"
TODAY = date(2030, 1, 1)


def rows(length: int, row: str = "{day},1,1,1,1,1\n") -> str:
    """Rows of a total length, each with a different day."""
    return "".join(row.format(day=date(1900, 1, 1) + timedelta(days=number)) for number in range(length // len(row.format(day=TODAY))))


def over(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """A function that makes texts of a length that repeat a piece."""
    return lambda length: before + (unit * (length // len(unit) + 1))[:length] + after


FILES = {
    "digits": over("1", HEADER + "2020-01-01,", "x,1,1,1,1\n"),
    "digits of a date": over("1", HEADER, "/1/2020,1,1,1,1,1\n"),
    "a sign": over("+", HEADER + "2020-01-01,", ",1,1,1,1\n"),
    "columns": over("Open,x,"),
    "one column": over("a"),
    "open quotes": over('"', HEADER),
    "lines with open quotes": over('"a\n', HEADER),
    "quotes and commas": over('","', HEADER),
    "line ends": over("\n", HEADER),
    "line ends of another kind": over("\r", HEADER),
    "blank cells": over(" ,", HEADER),
    "blank lines": over(",,,,,\n", HEADER),
    "bars": lambda length: HEADER + rows(length),
    "bars to look at": lambda length: HEADER + rows(length, "{day}, 1,1,1,1,1\n"),
    "faults": lambda length: HEADER + rows(length, "{day},x,x,x,x,x\n"),
    "rows without prices": lambda length: HEADER + rows(length, "{day},,,,,\n"),
    "one day": over("2020-01-01,1,1,1,1,1\n", HEADER),
    "wide characters": over("\U0001f600\n", HEADER),
    "NULs": over("\0", HEADER),
}
JSON = {
    "open arrays": over("["),
    "arrays": lambda length: "[" * (length // 2) + "]" * (length // 2),
    "open objects": over('{"a":'),
    "digits": over("1"),
    "digits behind a point": over("1", "0."),
    "an exponent": over("9", "1e"),
    "escapes": over("\\ud800", '"', '"'),
    "an open text": over("a", '"'),
    "blanks": over(" "),
    "keys": lambda length: "{" + ",".join(f'"{number}":1' for number in range(length // 8)) + "}",
    "one key": over('"a":1,', "{", '"b":1}'),
    "objects with one key twice": over('{"a":1,"a":1},', "[", "{}]"),
    "keys twice, deep down": lambda length: '{"a":' * 300 + "[" + '{"b":1,"b":1},' * (length // 14) + "1]" + "}" * 300,
    "objects": over('{"a":{"b":[]}},', "[", "{}]"),
    "minus": over("-"),
}
LITERALS = {
    **JSON,
    "open parentheses": over("("),
    "parentheses": lambda length: "(" * (length // 2) + ")" * (length // 2),
    "sums": over("1+", "", "1"),
    "complements": over("~", "", "1"),
    "denials": over("not ", "", "1"),
    "texts": over("'a' "),
    "items": over("1,", "[", "]"),
    "Python's objects": lambda length: "{" + ",".join(f"'{number}':None" for number in range(length // 12)) + "}",
    "objects within objects": over("{'a':", "", "1"),
    "calls": over("()", "a"),
    "subscripts": over("[0]", "a"),
    "lambdas": over("lambda:", "", "1"),
    "digits of another base": over("f", "0x"),
    "continued lines": over("\\\n"),
}
TEXTS = {
    unit: over(unit)
    for unit in ("a", " ", ",", ";", "/", "=", "%", "+", ".", '"', "\\", "a,", "a;q=0,", "; ", "a=1&", "%FF", "a.b.", "eJ.")
}
TEXTS["a gap"] = over(" ", "a", "b")
TEXTS["gzip, a gap"] = over(" ", "gzip;q=0", "x")
SCRIPTS = {
    "open comments": over("/*"),
    "comments": over("/**/;"),
    "lines": over("--\n;"),
    "quotes": over("'"),
    "names": over('"a" '),
    "tags": lambda length: "".join(f"$t{number}$" for number in range(length // 6)),
    "dollars": over("$"),
    "semicolons": over(";"),
    "a trigger": over("UPDATE x SET a = 1;", "CREATE TRIGGER t AFTER INSERT ON x BEGIN ", " END;"),
    "a trigger that never ends": over("END ;x;", "CREATE TRIGGER t AFTER INSERT ON x BEGIN "),
    "triggers": over("CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END; "),
    "no trigger": over(" ", "CREATE", "x"),
    "blanks": over("\n"),
}


TRADES = "Date,Type,Ticker,Quantity,Price,Fee,Currency\n"


def repeated(sample: str, header_lines: int = 1) -> Callable[[int], str]:
    """A function that makes files of a length that repeat the lines of a sample below its header."""
    lines = sample.splitlines(keepends=True)
    return over("".join(lines[header_lines:]), "".join(lines[:header_lines]))


STATEMENTS = {
    "trades": over("2024-03-15,Buy,ACME,1.5,2,0,EUR\n", TRADES),
    "trades without a decimal sign": over('2024-03-15,Buy,ACME,"1,500","2,000",0,EUR\n', TRADES),
    "faults": over("x,x,x,x,x,x,x\n", TRADES),
    "open quotes": over('"', TRADES),
    "lines with open quotes": over('"a\n', TRADES),
    "blank lines": over(",,,,,,\n", TRADES),
    "digits": over("1", TRADES + "2024-03-15,Buy,ACME,", ",1,1,EUR\n"),
    "separators": over("1,", TRADES + '2024-03-15,Buy,ACME,"', '",1,1,EUR\n'),
    "letters of a note": over("a ", "Date,Type,Amount,Note\n2024-03-15,Deposit,5,"),
    "many columns": over("a,"),
    "one column": over("a"),
    "ghostfolio": repeated(broker_files.GHOSTFOLIO),
    "portfolio performance": repeated(broker_files.PORTFOLIO_PERFORMANCE_DE),
    "trade republic": repeated(broker_files.TRADE_REPUBLIC),
    "flex": repeated(broker_files.FLEX_TRADES),
    "flex, cash": repeated(broker_files.FLEX_CASH),
    "activity": repeated(broker_files.ACTIVITY, 2),
    "degiro": repeated(broker_files.DEGIRO_EN),
    "degiro's account": repeated(broker_files.DEGIRO_ACCOUNT),
    "rests of an order": over(",,,,,,,,,,,aaaa\n", "\n".join(broker_files.DEGIRO_ACCOUNT.split("\n")[:2]) + "\n"),
    "JSON": over("{", '{"activities": ['),
    "activities": over('{"type":"BUY"},', '{"activities": [', "{}]}"),
}


def each(texts: dict[str, Callable[[int], str]]) -> Any:
    return pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in texts.items()])


def refused(work: Callable[[], object], *errors: type[Exception]) -> Callable[[], object]:
    """The work, in which these errors are allowed: they become answers to the caller."""

    def run() -> None:
        with suppress(*errors):
            work()

    return run


@each(FILES)
def test_price_files(make: Callable[[int], str]) -> None:
    check_growth(lambda size: refused(partial(read_file, make(size).encode(), ReadOptions(TODAY)), PriceQuality, AmbiguousDates))


@each(STATEMENTS)
def test_statements(make: Callable[[int], str]) -> None:
    check_growth(lambda size: refused(partial(read_statement, make(size).encode(), Wishes()), StatementRefused, AmbiguousDates))


def test_price_files_given_out() -> None:
    def give_out(size: int) -> Callable[[], object]:
        days = [date(1900, 1, 1) + timedelta(days=number) for number in range(size // 50)]
        packed = PackedBars.pack([Bar(day, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0) for day in days])
        return lambda: stream_csv(packed)

    check_growth(give_out)


@each(JSON)
def test_strict_json(make: Callable[[int], str]) -> None:
    def parse(text: bytes) -> None:
        try:
            parse_strict(text)
        except DuplicateKeys as error:
            error.paths(50)

    check_growth(lambda size: refused(partial(parse, make(size).encode()), MalformedJSON))


@each(LITERALS)
def test_tolerant_json(make: Callable[[int], str]) -> None:
    check_growth(lambda size: partial(parse_tolerant, make(size)))


@each(TEXTS)
def test_cursors_and_sessions(make: Callable[[int], str], tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'b.db'}", tmp_path))
    with app.app_context():
        check_growth(lambda size: refused(partial(paging.read_cursor, make(size), ["a", "list"]), ApiError))
    database, cache = app.services.database, NoCache(app.services.database)
    sessions = Sessions(database, KeyRing(database, lambda: "secret", cache), cache)
    check_growth(lambda size: partial(sessions.find, make(size)))


@each(TEXTS)
@pytest.mark.parametrize(
    "read",
    [
        pytest.param(compression.accepted_encodings, id="Accept-Encoding"),
        pytest.param(lambda text: auth.presented_key(Headers({"X-API-Key": text})), id="X-API-Key"),
        pytest.param(lambda text: auth.presented_key(Headers({"Authorization": text})), id="Authorization"),
        pytest.param(lambda text: StreamHeaders(**{"Last-Event-ID": text}).last_id, id="Last-Event-ID"),
        pytest.param(sign_in.safe_next, id="where to go after signing in"),
        pytest.param(lambda text: StrictRequest(EnvironBuilder(query_string=text).get_environ()).args, id="a query"),
        pytest.param(lambda text: SeriesQuery(keys=text), id="keys of a series"),
    ],
)
def test_headers_and_queries(read: Callable[[str], object], make: Callable[[int], str]) -> None:
    check_growth(lambda size: refused(partial(read, make(size).replace("\n", " ")), ApiError, ValidationError))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda size: {"tickers": ["*"] * (size // 5)}, id="wrong tickers"),
        pytest.param(lambda size: {"tickers": [{"a": 1}] * (size // 10)}, id="no tickers"),
        pytest.param(lambda size: {f"key{number}": 1 for number in range(size // 10)}, id="unknown fields"),
        pytest.param(lambda size: {"weights": {f"key{number}": 1 for number in range(size // 10)}}, id="unknown fields within one"),
        pytest.param(lambda size: {"k" * size: 1}, id="one long field"),
    ],
)
def test_what_is_said_of_input_that_does_not_fit(body: Callable[[int], dict[str, Any]]) -> None:
    def refuse(size: int) -> Callable[[], object]:
        with pytest.raises(ValidationError) as raised:
            BulkAnalyzeRequest.model_validate(body(size))
        return lambda: validation_problem(raised.value)

    check_growth(refuse)


@each(SCRIPTS)
def test_sql_scripts(make: Callable[[int], str]) -> None:
    check_growth(lambda size: lambda: list(sql_script.statements(make(size))))


def trades(size: int) -> list[Transaction]:
    """Purchases and sales of a few tickers, one in some twenty characters of a file."""
    told: dict[str, Any] = {"currency": "USD", "price": Decimal("1.25"), "fee": Decimal("0.5"), "since_version": 2, "recorded_at": RECORDED}
    types = (TransactionType.BUY, TransactionType.BUY, TransactionType.SELL)
    return [
        Transaction(
            types[number % 3],
            TODAY - timedelta(days=size - number),
            ticker=f"T{number // 3 % 5}",
            quantity=Decimal(1),
            id=f"{number:06}",
            **told,
        )
        for number in range(size // 20)
    ]


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(lambda ledger: book(ledger, {}, Terms("USD", CostMethod.FIFO, TODAY)), id="books, FIFO"),
        pytest.param(lambda ledger: book(ledger, {}, Terms("USD", CostMethod.AVERAGE, TODAY)), id="books, average"),
        pytest.param(lambda ledger: quantities(ledger, {}, TODAY), id="shares alone"),
    ],
)
def test_ledgers(count: Callable[[list[Transaction]], object]) -> None:
    check_growth(lambda size: partial(count, trades(size)))


def test_imports_of_transactions(client: Client) -> None:
    ledger = Ledger(FIRST_ORG, make_portfolio(client))

    def import_file(size: int) -> Callable[[], object]:
        lines = (f"2024-01-{1 + number % 28:02},Buy,T{number % 5},1,2,0,USD\n" for number in range(size // 30))
        raw = (TRADES + "".join(lines)).encode()
        return lambda: try_import(database.current(), ledger, read_file_of_transactions(raw, ImportWishes()), ImportWishes())

    check_growth(import_file)
