"""A ticker's history as chart lines: the numbers of an analysis for every day."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import talib
from kit.reports import price_file
from kit.support import Client

import database
from analysis.bars import adjusted_bars
from analysis.engine import parameters_of, signal_history
from features.prices.store import series as series_store
from models.analysis import Overrides
from models.chart import CHART_LINES
from models.strategy import STRATEGIES

EVERY_KEY = ",".join(CHART_LINES)


def same(values: list[float | None], wanted: Any) -> bool:
    """Whether the values are equal to the last digit, with null in place of NaN."""
    return values == [None if math.isnan(value) else value for value in wanted.tolist()]


def stored_bars(ticker: str) -> Any:
    with database.read() as connection:
        loaded = series_store.load(connection, 1, ticker)
    assert loaded is not None
    return adjusted_bars(loaded[1], loaded[0].adjusted)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_score_of_every_day_is_that_of_the_signal_history(client: Client, strategy: str) -> None:
    answer = client.get(f"/series/AAPL?keys=score&strategy={strategy}").json
    bars = stored_bars("AAPL")
    history = signal_history(bars, parameters_of(STRATEGIES[strategy], Overrides()))
    assert answer["dates"] == [str(day) for day in bars.days]
    assert answer["series"]["score"][:49] == [None] * 49  # fewer than 50 bars are not analysed
    assert same(answer["series"]["score"][49:], history.score[49:])
    assert answer["series"]["score"][-1] == client.post("/analyze", {"ticker": "AAPL", "strategy": strategy}).json["score"]


def test_lines_are_those_of_the_indicators(client: Client) -> None:
    series = client.get(f"/series/AAPL?keys={EVERY_KEY}").json["series"]
    bars = stored_bars("AAPL")
    close = bars.close
    assert list(series) == [line for lines in CHART_LINES.values() for line in lines]
    assert {len(values) for values in series.values()} == {len(bars)}
    for line in ("open", "high", "low", "close", "volume"):
        assert same(series[line], getattr(bars, line)), line
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    for line, wanted in (
        ("ema_50", talib.EMA(close, 50)),
        ("ema_200", talib.EMA(close, 200)),
        ("bollinger_upper", upper),
        ("bollinger_middle", middle),
        ("bollinger_lower", lower),
        ("psar", talib.SAR(bars.high, bars.low, 0.02, 0.2)),
        ("macd", macd),
        ("macd_signal", signal),
        ("macd_histogram", histogram),
    ):
        assert same(series[line], wanted), line
    assert series["sma_20"][19:] == pytest.approx(talib.SMA(close, 20)[19:].tolist())
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    values = {reading["key"]: reading["value"] for reading in result["indicators"]}
    for key in ("rsi", "stochastic", "cci", "williams_r", "adx", "psar", "atr", "obv", "cmf"):
        assert series[key][-1] == values[key], key
    assert series["macd_histogram"][-1] == values["macd"]
    assert series["close"][-1] == result["close"]


def test_a_period_is_cut_out_of_the_whole(client: Client) -> None:
    whole = client.get("/series/IBM?keys=close,ema_200,score").json
    part = client.get("/series/ibm?keys=close,ema_200,score&start=2012-11-03&end=2012-12-24").json
    first, last = whole["dates"].index("2012-11-05"), whole["dates"].index("2012-12-24")  # the range starts on the 3rd, a Saturday
    assert part["dates"] == whole["dates"][first : last + 1]
    for line, values in part["series"].items():
        assert values == whole["series"][line][first : last + 1], line
    nothing = {"ticker": "IBM", "dates": [], "series": {"close": []}}
    for period in ("start=2030-01-01", "end=1990-01-01"):
        assert client.get(f"/series/IBM?keys=close&{period}").json == nothing, period


def test_prices_alone_unless_keys_are_given_and_each_once(client: Client) -> None:
    assert list(client.get("/series/FB").json["series"]) == ["open", "high", "low", "close", "volume"]
    assert list(client.get("/series/FB?keys=rsi,close,rsi").json["series"]) == ["rsi", "close"]


@pytest.mark.parametrize("bars", [1, 2, 15, 49, 50])
def test_a_young_ticker_has_nulls(client: Client, bars: int) -> None:
    client.put("/prices/YOUNG", price_file(bars))
    answer = client.get(f"/series/YOUNG?keys={EVERY_KEY}")
    assert answer.status_code == 200
    assert "NaN" not in answer.text
    series = answer.json["series"]
    assert {len(values) for values in series.values()} == {bars}
    assert series["ema_200"] == [None] * bars
    assert [score is None for score in series["score"]] == [index < 49 for index in range(bars)]


def test_prices_that_are_damaged_are_called_that(client: Client) -> None:
    row = database.query_db("SELECT data FROM price_series WHERE ticker = 'AAPL'", one=True)
    database.execute_db("UPDATE price_series SET data = :data WHERE ticker = 'AAPL'", {"data": bytes(row["data"])[:-8]})
    answer = client.get("/series/AAPL")
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")


def test_who_has_it_already_is_told_so(client: Client) -> None:
    first = client.get("/series/AAPL?keys=close")
    etag = {"If-None-Match": first.headers["ETag"]}
    again = client.get("/series/AAPL?keys=close", headers=etag)
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/series/AAPL?keys=close,score", headers=etag).status_code == 200
    client.put("/prices/AAPL", client.get("/prices/AAPL?end=2013-02-28", headers={"Accept": "text/csv"}).data)
    assert client.get("/series/AAPL?keys=close", headers=etag).status_code == 200


def test_a_series_of_ones_own_hides_the_shared_one(client: Client) -> None:
    client.put("/prices/AAPL", price_file(3))
    assert len(client.get("/series/AAPL").json["dates"]) == 3


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        pytest.param("NOPE", 404, "ticker_not_found", ["NOPE"], id="unknown ticker"),
        pytest.param("AAPL?keys=close,nope", 422, "validation_error", ["'nope'", *CHART_LINES], id="unknown key"),
        pytest.param("AAPL?keys=", 422, "validation_error", ["keys"], id="no key"),
        pytest.param("AAPL?keys=close&keys=rsi", 422, "validation_error", ["once"], id="given twice"),
        pytest.param("AAPL?strategy=x", 422, "validation_error", list(STRATEGIES), id="unknown strategy"),
        pytest.param("AAPL?start=yesterday", 422, "validation_error", ["YYYY-MM-DD"], id="no day"),
        pytest.param("AAPL?more=1", 422, "validation_error", ["more"], id="unknown parameter"),
        pytest.param("AAPL?keys=%3Cscript%3E", 422, "validation_error", ["keys"], id="markup"),
    ],
)
def test_what_there_is_no_series_of(client: Client, path: str, status: int, code: str, words: list[str]) -> None:
    answer = client.get(f"/series/{path}")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    for word in words:
        assert word in answer.json["detail"], word


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_series_is_read_once(client: Client) -> None:
    before = database.current().status().events["checkouts"]
    client.get(f"/series/AAPL?keys={EVERY_KEY}")
    assert database.current().status().events["checkouts"] == before + 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_document_says_what_keys_there_are(client: Client) -> None:
    parameters = client.get("/openapi.json", key=None).json["paths"]["/api/v1/series/{ticker}"]["get"]["parameters"]
    keys = next(parameter for parameter in parameters if parameter["name"] == "keys")
    assert all(key in json.dumps(keys["schema"]) for key in CHART_LINES)
