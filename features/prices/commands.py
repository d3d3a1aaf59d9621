"""`flask demo` loads and removes demo tickers; `flask prices` shows what providers answer."""

from __future__ import annotations

import re
from datetime import datetime

import click
from flask.cli import AppGroup

from api.commands import open_database
from api.services import services
from features.prices.answer_text import lines_of
from features.prices.demo import load, remove
from features.prices.providers.demo import DEFAULT_BARS, HIGHEST_NUMBER, DemoProvider, ticker_of
from features.prices.providers.sample import SampleProvider
from features.prices.sample import load_if_empty
from features.prices.store.exchange import find_told
from models.api_key import SHARED_ORG
from models.price_series import MOST_BARS
from models.provider import ProviderError
from models.ticker import normalize_ticker
from utils.clock import today
from utils.terminal import ProgressBar

AFTER_FAILURE = "finished batches stay, and the same command continues from there"

group = AppGroup("demo", help="Load or remove demo tickers, whose prices are generated.")
prices = AppGroup("prices", help="Ask the providers of prices.")


class WholeNumber(click.ParamType):  # type: ignore[type-arg]
    """A whole number from 1 to `highest`, in plain digits."""

    name = "number"

    def __init__(self, highest: int) -> None:
        self._highest = highest

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. `int` alone would accept "1_000", and raises another error for thousands of digits."""
        text = str(value)
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
        if not 1 <= number <= self._highest:
            self.fail(f"{text[:40]!r} is not a whole number from 1 to {self._highest:,}.", param, ctx)
        return number


@group.command("load")
@click.argument("count", type=WholeNumber(HIGHEST_NUMBER), metavar="N")
@click.option(
    "--bars", type=WholeNumber(MOST_BARS), default=DEFAULT_BARS, show_default=True, help=f"Days of history each, up to {MOST_BARS:,}."
)
def load_demo(count: int, bars: int) -> None:
    """Store N demo tickers; those that are stored unchanged are not written again."""
    with open_database(AFTER_FAILURE) as database:
        if services().settings.loads_sample:
            # Before the demo tickers, because a start loads the sample into an empty store only.
            load_if_empty(database, SampleProvider())
        with ProgressBar(count) as bar:
            report = load(database, DemoProvider(today(), bars), count, bar.show)
    tickers = f"{ticker_of(1)} to {ticker_of(count)}"
    click.echo(f"{tickers}: {report.new} new, {report.replaced} replaced, {report.unchanged} unchanged, {report.skipped} skipped.")
    if report.skipped:
        click.echo("Skipped are tickers with prices that are not demo prices.")


@group.command("remove")
def remove_demo() -> None:
    """Remove the prices of every demo ticker; results computed from them stay."""
    with open_database(AFTER_FAILURE, as_it_is=True) as database:
        removed = remove(database)
    click.echo(f"{removed} demo tickers removed; results computed from them stay.")


class Ticker(click.ParamType):  # type: ignore[type-arg]
    """A ticker, in any case."""

    name = "ticker"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The ticker in upper case."""
        try:
            return normalize_ticker(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@prices.command("fetch")
@click.argument("ticker", type=Ticker())
@click.option("--provider", "name", metavar="NAME", help="The provider to ask. By default the first of PRICE_PROVIDERS.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Only bars from this day on. By default the whole history.")
def fetch_prices(ticker: str, name: str | None, since: datetime | None) -> None:
    """Show what a provider answers for TICKER. Nothing is stored; the calls count."""
    from features.prices.registry import configured  # noqa: PLC0415 — every process loads this module, and few ask a provider

    with open_database() as database, configured(services().settings, database) as asked:
        chosen = next((each.provider for each in asked if name in (None, each.provider.name)), None)
        if chosen is None:
            named = ", ".join(each.provider.name for each in asked)
            raise click.ClickException(f"PRICE_PROVIDERS has {f'{named}, and not {name}' if named else 'no provider'}.")
        try:
            fetched = chosen.fetch(ticker, None if since is None else since.date())
        except ProviderError as error:
            raise click.ClickException(f"{error} ({error.fault.value})") from error
        with database.reader() as connection:
            told = find_told(connection, SHARED_ORG, ticker)
    click.echo("\n".join(lines_of(chosen.name, ticker, fetched, told)))
