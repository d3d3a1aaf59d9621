"""Demo tickers: generated prices that are always the same and never replace real prices."""

from __future__ import annotations

import hashlib
import os
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from kit.databases import Backend
from kit.paths import ROOT
from kit.servers import FLASK
from kit.support import Client

import database
from app import Application
from features.prices import demo
from features.prices.demo import LoadReport
from features.prices.files.reader import ReadOptions, read_file
from features.prices.providers.demo import HIGHEST_TRADED, LOWEST_TRADED, DemoProvider
from features.prices.service import stream_csv
from features.prices.store import series as series_store
from models.api_key import FIRST_ORG, SHARED_ORG
from models.price_series import COLUMNS, Bar, PackedBars, SeriesDescription, head_of
from utils.clock import now

FRIDAY, SUNDAY, MONDAY = date(2026, 2, 27), date(2026, 3, 1), date(2026, 3, 2)


def columns(packed: PackedBars) -> dict[str, np.ndarray]:
    return {name: np.array(packed.column(name)) for name in COLUMNS}


def stored() -> dict[str, tuple[str, str]]:
    """Provider and digest of every shared demo ticker."""
    rows = database.query_db("SELECT ticker, provider, sha256 FROM price_series WHERE org_id = 0 AND ticker LIKE 'DEMO%'")
    return {row["ticker"]: (row["provider"], row["sha256"]) for row in rows}


def store_real_prices(ticker: str, org_id: int = SHARED_ORG) -> str:
    """Store one bar of another provider and return its digest."""
    packed = PackedBars.pack([Bar(date(2020, 1, 2), 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)])
    head = head_of(SeriesDescription(org_id, ticker, None, "market", True), packed)
    with database.transaction() as connection:
        series_store.save(connection, head, packed, now())
    return head.sha256


def run(backend: Backend, folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    environment = {"PATH": os.environ["PATH"], "ENVIRONMENT": "development", "DATABASE_URL": backend.url, "DATA_DIR": str(folder), **more}
    command = [FLASK, "demo", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


# ---- the prices -------------------------------------------------------------------------------------------------------------------


def test_the_same_number_and_count_always_give_the_same_prices() -> None:
    packed = DemoProvider(SUNDAY, 500).packed(7)
    assert packed == DemoProvider(FRIDAY, 500).packed(7)
    assert packed.sha256 == "7d875c98312f260f75dc155df795ad781ed4fb252ace3ffae4302197269184be"
    later = DemoProvider(MONDAY, 500).packed(7)
    assert later.last_day() == MONDAY
    for name in COLUMNS:
        assert later.column(name) == packed.column(name)
    digests = {hashlib.sha256(DemoProvider(SUNDAY, 500).packed(number).column("close")).hexdigest() for number in range(1, 101)}
    assert len(digests) == 100


@pytest.mark.parametrize("bars", [1, 2, 3_270, 20_000])
def test_the_bars_are_valid(bars: int) -> None:
    provider = DemoProvider(SUNDAY, bars)
    for number in (1, 2, 3, 42, 63, 99_999):
        packed = provider.packed(number)
        assert (len(packed), packed.last_day()) == (bars, FRIDAY)
        assert all(day.weekday() < 5 for day in packed.days())
        assert (np.diff(packed.day_numbers()) >= 1).all()
        got = columns(packed)
        assert all(np.isfinite(values).all() for values in got.values())
        assert (got["high"] >= np.maximum(got["open"], got["close"])).all()
        assert (got["low"] <= np.minimum(got["open"], got["close"])).all()
        assert (got["low"] > LOWEST_TRADED / 2).all()
        assert (got["high"] < HIGHEST_TRADED * 2).all()
        assert (got["volume"] >= 1).all()
        assert (got["volume"] == np.floor(got["volume"])).all()
        for name in ("open", "high", "low", "close"):
            assert (got[name] == np.round(got[name], 2)).all()
        assert got["adj_close"][-1] == got["close"][-1]
        assert (got["adj_close"] > 0).all()


def test_an_upload_would_take_them_as_they_are() -> None:
    packed = DemoProvider(SUNDAY).packed(3)
    parsed = read_file(b"".join(stream_csv(packed)), ReadOptions(SUNDAY))
    assert (parsed.adjusted, parsed.dropped) == (True, 0)
    assert parsed.packed == packed


def test_some_have_splits_and_dividends_which_the_adjusted_close_undoes() -> None:
    provider, plain, paying, split = DemoProvider(SUNDAY), 0, 0, 0
    for number in range(1, 61):
        got = columns(provider.packed(number))
        traded, adjusted = (values[1:] / values[:-1] for values in (got["close"], got["adj_close"]))
        assert (np.abs(adjusted - 1) < 0.3).all()
        apart = ~np.isclose(traded, adjusted, rtol=1e-9)
        is_split = np.abs(traded / adjusted - 1) > 0.5
        plain += not apart.any()
        paying += (apart & ~is_split).any()
        split += is_split.any()
        assert not (np.abs(traded - 1) > 0.3)[~is_split].any()
    assert plain >= 10
    assert paying == 20
    assert split >= 5


# ---- storing them -----------------------------------------------------------------------------------------------------------------


def test_loading_again_writes_only_what_differs(backend: Backend) -> None:
    progress: list[int] = []
    assert demo.load(database.current(), DemoProvider(SUNDAY, 60), 120, progress.append) == LoadReport(new=120)
    assert progress == [50, 100, 120]
    first = stored()
    assert (min(first), max(first), len(first)) == ("DEMO00001", "DEMO00120", 120)
    written = database.query_db("SELECT DISTINCT updated_at FROM price_series ORDER BY updated_at")
    assert demo.load(database.current(), DemoProvider(SUNDAY, 60), 120) == LoadReport(unchanged=120)
    assert database.query_db("SELECT DISTINCT updated_at FROM price_series ORDER BY updated_at") == written
    assert demo.load(database.current(), DemoProvider(SUNDAY, 60), 121) == LoadReport(new=1, unchanged=120)
    assert demo.load(database.current(), DemoProvider(SUNDAY, 61), 2) == LoadReport(replaced=2)
    assert {ticker for ticker, known in stored().items() if first.get(ticker) != known} == {"DEMO00001", "DEMO00002", "DEMO00121"}
    with database.read() as connection:
        loaded = series_store.load(connection, FIRST_ORG, "DEMO00002")
    assert loaded is not None
    head, packed = loaded
    assert (head.org_id, head.name, head.provider, head.adjusted, head.bars) == (SHARED_ORG, "Demo 00002", "demo", True, 61)
    assert packed == DemoProvider(SUNDAY, 61).packed(2)


def test_real_prices_are_left_alone(backend: Backend) -> None:
    real = store_real_prices("DEMO00002")
    store_real_prices("DEMO00003", FIRST_ORG)
    assert demo.load(database.current(), DemoProvider(SUNDAY, 60), 3) == LoadReport(new=2, skipped=1)
    assert demo.load(database.current(), DemoProvider(SUNDAY, 60), 3) == LoadReport(unchanged=2, skipped=1)
    assert stored()["DEMO00002"] == ("market", real)
    with database.read() as connection:
        own = series_store.find_head(connection, FIRST_ORG, "DEMO00003")
    assert own is not None
    assert own.provider == "market"


def test_the_statement_itself_spares_real_prices(backend: Backend) -> None:
    """Real prices may appear after the loader checked."""
    real = store_real_prices("DEMO00001")
    packed = DemoProvider(SUNDAY, 60).packed(1)
    with database.transaction() as connection:
        head = head_of(SeriesDescription(SHARED_ORG, "DEMO00001", None, "demo", True), packed)
        assert not series_store.save_over_same_provider(connection, head, packed, now())
    assert stored() == {"DEMO00001": ("market", real)}


def test_removing_takes_the_demo_prices_and_nothing_else(client: Client, backend: Backend) -> None:
    demo.load(database.current(), DemoProvider(SUNDAY, 60), 101)
    real = store_real_prices("DEMO00050")
    store_real_prices("DEMO00051", FIRST_ORG)
    result = client.post("/analyze", {"ticker": "DEMO00001"}).json
    assert demo.remove(database.current()) == 100
    assert stored() == {"DEMO00050": ("market", real)}
    assert database.query_db("SELECT count(*) AS n FROM price_series", one=True)["n"] == 5 + 2
    assert client.get(f"/results/{result['id']}").status_code == 200
    assert client.post("/analyze", {"ticker": "DEMO00001"}).status_code == 404
    assert demo.remove(database.current()) == 0


def test_results_say_that_the_prices_are_made_up(client: Client) -> None:
    demo.load(database.current(), DemoProvider(SUNDAY), 3)
    for number in (1, 2, 3):
        answer = client.post("/analyze", {"ticker": f"demo{number:05d}"})
        assert answer.status_code == 200
        assert "demo" in [warning["code"] for warning in answer.json["warnings"]]
        provenance = answer.json["provenance"]
        assert (provenance["provider"], provenance["adjustment"], provenance["last"]) == ("demo", "adj_close", str(FRIDAY))
    assert {"large_move", "gap", "zero_volume"}.isdisjoint(warning["code"] for warning in answer.json["warnings"])
    assert "demo" not in [warning["code"] for warning in client.post("/analyze", {"ticker": "AAPL"}).json["warnings"]]
    listed = client.get("/tickers?q=DEMO").json["items"]
    assert (listed[0]["ticker"], listed[0]["name"], listed[0]["provider"]) == ("DEMO00001", "Demo 00001", "demo")


# ---- the command ------------------------------------------------------------------------------------------------------------------


def test_the_command_on_an_empty_database(empty_backend: Backend, tmp_path: Path) -> None:
    done = run(empty_backend, tmp_path, "load", "2", "--bars", "60", LOG_LEVEL="error")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "DEMO00001 to DEMO00002: 2 new, 0 replaced, 0 unchanged, 0 skipped.\n"
    # The sample is loaded into an empty store only; demo tickers must not count as content.
    tickers = [row["ticker"] for row in database.query_db("SELECT ticker FROM price_series ORDER BY ticker")]
    assert tickers == ["AAPL", "DEMO00001", "DEMO00002", "FB", "GOOG", "IBM", "MSFT"]
    done = run(empty_backend, tmp_path, "remove", LOG_LEVEL="error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 demo tickers removed; results computed from them stay.\n", "")
    assert stored() == {}


def test_the_command_says_what_it_skipped(app: Application) -> None:
    store_real_prices("DEMO00001")
    done = app.test_cli_runner().invoke(args=["demo", "load", "1"])
    assert done.exit_code == 0
    assert done.output == (
        "DEMO00001 to DEMO00001: 0 new, 0 replaced, 0 unchanged, 1 skipped.\nSkipped are tickers with prices that are not demo prices.\n"
    )


def test_a_schema_that_may_not_be_migrated_is_a_sentence(empty_backend: Backend, tmp_path: Path) -> None:
    done = run(empty_backend, tmp_path, "load", "2", AUTO_MIGRATE="false")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database is behind")
    assert "Traceback" not in done.stderr


def test_a_refusal_of_the_database_is_a_sentence(app: Application) -> None:
    database.execute_db("ALTER TABLE price_series RENAME TO elsewhere")
    done = app.test_cli_runner().invoke(args=["demo", "load", "1"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: Stopped; finished batches stay")
    assert "price_series" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["load", "0"], "'N': '0' is not a whole number from 1 to 99,999.", id="none"),
        pytest.param(["load", "100000"], "'N': '100000' is not a whole number from 1 to 99,999.", id="too many"),
        pytest.param(["load", "ten"], "'N': 'ten' is not a whole number from 1 to 99,999.", id="text"),
        pytest.param(["load", "1_0"], "'N': '1_0' is not a whole number", id="a Python number"),
        pytest.param(["load", "1.5"], "'N': '1.5' is not a whole number", id="a part"),
        pytest.param(["load", "9" * 5000], "is not a whole number", id="very long"),
        pytest.param(["load"], "Missing argument 'N'", id="no count"),
        pytest.param(["load", "1", "--bars", "0"], "'--bars': '0' is not a whole number from 1 to 20,000.", id="no bars"),
        pytest.param(["load", "1", "--bars", "20001"], "'--bars': '20001' is not a whole number from 1 to 20,000.", id="too many bars"),
        pytest.param(["load", "1", "--bars=-5"], "'--bars': '-5' is not a whole number", id="negative bars"),
        pytest.param([], "Usage", id="no command"),
        pytest.param(["remove", "1"], "unexpected extra argument", id="too much"),
    ],
)
def test_bad_arguments(app: Application, arguments: list[str], words: str) -> None:
    done = app.test_cli_runner().invoke(args=["demo", *arguments])
    assert done.exit_code == 2
    assert words in done.output
