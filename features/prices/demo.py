"""Demo tickers with made-up prices, for trying the service out: `python -m services.demo load N [--bars 3270] | remove`.

They are shared prices of the provider "demo". Prices of any other provider are never overwritten or removed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

import database
import db_migrations
from config import ConfigError, Settings
from features.prices import store as price_store
from features.prices.providers.demo import DEFAULT_BARS, HIGHEST_NUMBER, NAME, DemoProvider, ticker_of, title_of
from features.prices.providers.sample import SampleProvider
from features.prices.sample import load_if_empty
from models.api_key import SHARED_ORG
from models.price_series import MOST_BARS, PackedBars, SeriesHead, head_of
from utils.clock import now, today
from utils.logger import configure_logging
from utils.start_errors import explain
from utils.terminal import ProgressBar

BATCH = 50  # series a transaction: 9 MB of 13 years, soon written, so that nobody else waits long for the write lock
FAULTS = (db_migrations.MigrationError, SQLAlchemyError, OSError)


@dataclass
class LoadReport:
    """What became of each ticker; `skipped` are those that have real prices."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """How many tickers were looked at."""
        return self.new + self.replaced + self.unchanged + self.skipped


def load(provider: DemoProvider, count: int, progress: Callable[[int], None] = lambda done: None) -> LoadReport:
    """Store the demo tickers 1 to `count`, writing only what differs from what is stored; `progress` is told how many are done."""
    report = LoadReport()
    for first in range(1, count + 1, BATCH):
        # Made before the write lock is taken.
        made = list(_make(provider, range(first, min(first + BATCH, count + 1))))
        with database.transaction() as connection:
            stored = price_store.digests(connection, SHARED_ORG, [head.ticker for head, _ in made])
            for head, packed in made:
                former = stored.get(head.ticker)
                if former == (head.provider, head.sha256):
                    report.unchanged += 1
                elif not price_store.save_over_same_provider(connection, head, packed, now()):
                    report.skipped += 1
                elif former is None:
                    report.new += 1
                else:
                    report.replaced += 1
        progress(report.total)
    return report


def remove() -> int:
    """Delete every demo series, and nothing else: results made from them stay. How many there were."""
    total = 0
    while True:
        with database.transaction() as connection:
            deleted = price_store.delete_of_provider(connection, SHARED_ORG, NAME, BATCH)
        if not deleted:
            return total
        total += deleted


def _make(provider: DemoProvider, numbers: range) -> Iterator[tuple[SeriesHead, PackedBars]]:
    for number in numbers:
        packed = provider.packed(number)
        yield head_of(SHARED_ORG, ticker_of(number), title_of(number), provider.name, provider.adjusted, packed), packed


def _load(arguments: argparse.Namespace) -> int:
    provider = DemoProvider(today(), arguments.bars)
    with ProgressBar(arguments.count) as bar:
        done = load(provider, arguments.count, bar.show)
    tickers = f"{ticker_of(1)} to {ticker_of(arguments.count)}"
    print(f"{tickers}: {done.new} new, {done.replaced} replaced, {done.unchanged} unchanged, {done.skipped} skipped.")
    if done.skipped:
        print("Skipped are tickers with prices that are not demo prices.")
    return 0


def _remove(_: argparse.Namespace) -> int:
    print(f"{remove()} demo tickers removed; results made from them stay.")
    return 0


def _whole_number(highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # int() alone would take "1_000", and has a limit of its own on digits.
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
        if not 1 <= number <= highest:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from 1 to {highest:,}.")
        return number

    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.demo", description="Load or remove demo tickers, whose prices are made up.")
    commands = parser.add_subparsers(required=True)
    adding = commands.add_parser("load", help="store demo tickers; what is stored already and the same is left as it is")
    adding.add_argument("count", type=_whole_number(HIGHEST_NUMBER), metavar="N", help=f"how many, up to {HIGHEST_NUMBER:,}")
    adding.add_argument(
        "--bars",
        type=_whole_number(MOST_BARS),
        default=DEFAULT_BARS,
        metavar="BARS",
        help=f"days of history each, up to {MOST_BARS:,}; {DEFAULT_BARS:,} unless given",
    )
    adding.set_defaults(run=_load)
    removing = commands.add_parser("remove", help="remove every demo ticker's prices; results made from them stay")
    removing.set_defaults(run=_remove)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 1 with the reason on stderr."""
    parsed = _parser().parse_args(arguments)
    fault = "Not started"
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, as_json=settings.log_as_json)
        database.configure(settings)
        database.connect()
        db_migrations.ensure_schema(settings.auto_migrate)
        if settings.loads_sample:
            # Only an empty store gets the sample: after the demo tickers no start would load it any more.
            load_if_empty(SampleProvider())
        fault = "Stopped; what is done so far stays, and the same command goes on from there"
        code: int = parsed.run(parsed)
        return code
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except FAULTS as error:
        print(f"{fault}: {explain(error)}", file=sys.stderr)
        return 1
    finally:
        database.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped; what is done so far stays, and the same command goes on from there.")
