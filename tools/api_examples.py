"""`make examples`: api/openapi/examples.json, the examples of the OpenAPI document, from answers of the running service."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from api.openapi.examples import FILE
from app import create_app, start, stop
from config import Settings
from features import load_features
from features.alerts.looking import look_at_ages
from features.prices.cross_check import store_checks
from infrastructure.outbox import hand_out
from jobs.executor import Executor
from jobs.machine import JobMachine
from jobs.presence import Presence, identity_of
from models.job import Lane
from models.price_check import PriceCheck
from tools.api_recorder import Exchange, Recorder, shortened, with_fixed_ids_and_times
from tools.api_story import price_file, refusals, tell, tell_of_health, tell_of_no_provider
from tools.imported_story import store_imported, tell_of_imported
from tools.news_story import store_news
from tools.openid_provider import CLIENT, WORDS, providing
from tools.price_files import price_files
from utils.api_utils import PROBLEM_TYPE
from utils.clock import now
from utils.logger import configure_logging

DAY = date(2026, 11, 20)
# As a night of two providers finds.
CHECK = PriceCheck("INITECH", "tiingo", "csv_url", now(), 21, 1, 0, DAY, DAY, -0.82, 121.95, 120.95)
KEY = "an-example-key-0123456789abcdefghijklmnop"


def record(folder: Path) -> list[Exchange]:
    """Tell the story to a service of its own with the sample prices and a provider, and return what was sent and answered."""
    with price_files(("GOOG", "INITECH"), price_file(60)) as address:
        provider = {"price_providers": "csv_url", "csv_url_template": address}
        with told(folder, **provider) as recorder:
            return recorder.exchanges + _record_trouble(folder)


@contextmanager
def told(folder: Path, **more: Any) -> Iterator[Recorder]:
    """The recorder of a service of its own to which the story has been told, while the service still answers."""
    make_recorder: type[Recorder] = more.pop("make_recorder", Recorder)
    with providing() as people:
        openid = {"oidc_issuer": people.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": WORDS}
        yield from _told(_settings(folder, "bellwether.db", **more, **openid), make_recorder)


def _told(settings: Settings, make_recorder: type[Recorder]) -> Iterator[Recorder]:
    machine = JobMachine.of(settings, load_features(settings))
    app = create_app(settings)
    start(app)

    def run_jobs() -> None:
        for lane in Lane:
            executor = Executor("examples", threading.Event(), machine.executor_options(lane))
            try:
                executor.drain()
            finally:
                executor.close()
        look_at_ages(machine.foundation.database, machine.foundation.universes)
        hand_out(machine.foundation.database, ())

    recorder = make_recorder(app, KEY)
    worker = Presence(machine.foundation.database, identity_of("examples", tuple(Lane), "local"))
    try:
        with worker:
            with machine.foundation.database.transaction() as connection:
                store_checks(connection, {"INITECH": CHECK})
                store_news(connection)
            store_imported(machine.foundation.database, settings.data_dir)
            tell(recorder, run_jobs)
            tell_of_imported(recorder)
        yield recorder
    finally:
        stop(app)
        machine.kinds.close()
        machine.foundation.database.close()


def _record_trouble(folder: Path) -> list[Exchange]:
    """What a service says of its health on a database without tables, and on one that cannot be opened."""
    (folder / "folder.db").mkdir()
    exchanges = []
    for name in ("empty.db", "folder.db"):
        app = create_app(_settings(folder, name))
        recorder = Recorder(app, KEY)
        tell_of_health(recorder)
        tell_of_no_provider(recorder)
        app.services.database.close()
        exchanges += recorder.exchanges
    return exchanges


def _settings(folder: Path, database: str, **more: str) -> Settings:
    return Settings.load(
        environment_given="test",
        database_url=f"sqlite:///{folder}/{database}",
        data_dir=folder,
        master_api_key=KEY,
        secret_key=KEY[::-1],
        load_sample=True,
        registration_enabled=True,
        public_url="https://bellwether.example",
        smtp_host="127.0.0.1",  # no mail server is there: what would be sent is lost
        smtp_from="bellwether@example.com",
        db_connect_attempts=1,
        compress_responses=False,
        rate_limit_uploads_per_minute=24,
        rate_limit_bulk_per_minute=60,
        log_level="error",
        **more,
    )


def examples_of(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """The examples: of each operation its first successful request and its answers, and of each problem the first answer."""
    operations: dict[str, Any] = {}
    problems: dict[str, Any] = {status: {body["code"]: body} for status, body in refusals()}
    for exchange in exchanges:
        if exchange.content_type == PROBLEM_TYPE:
            problems.setdefault(exchange.status, {}).setdefault(exchange.answer["code"], exchange.answer)
            continue
        entry = operations.setdefault(exchange.operation, {"request": _shown(exchange.request), "answers": {}})
        if exchange.answer is not None:
            entry["answers"].setdefault(exchange.status, {}).setdefault(exchange.content_type, shortened(exchange.answer))
    return {"operations": operations, "problems": dict(sorted(problems.items()))}


def _shown(request: dict[str, Any]) -> dict[str, Any]:
    """The request with the first lines of a file that is its body."""
    return {part: shortened(value) if isinstance(value, str) else value for part, value in request.items()}


def main() -> None:
    """Write the file."""
    configure_logging("error", as_json=False)
    with tempfile.TemporaryDirectory(prefix="bellwether-examples-") as folder:
        examples = examples_of(record(Path(folder)))
    # Each entry by itself, so that a new operation changes no other one.
    fixed = {part: {name: _fixed(entry) for name, entry in entries.items()} for part, entries in examples.items()}
    FILE.write_text(json.dumps(fixed, indent=1, ensure_ascii=False) + "\n")


def _fixed(entry: Any) -> Any:
    return json.loads(with_fixed_ids_and_times(json.dumps(entry)))


if __name__ == "__main__":
    main()
