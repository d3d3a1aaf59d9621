"""The address that macroeconomic series are fetched from, as an integration."""

from __future__ import annotations

from urllib.parse import urlsplit

from config import Settings
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from models.integration import Integration, IntegrationKind, IntegrationState
from models.macro import FETCHED

SETTINGS = ("FRED_URL", "FRED_SERIES")
PAGE = "/evidence"
TRIAL_SECONDS = 10.0


def macro_connector(settings: Settings) -> Connector:
    """The address of the series."""

    def look() -> Integration:
        state, told = IntegrationState.OFF, "Not asked: series are uploaded. Set FRED_URL to have them fetched once a day."
        if settings.fred_url is not None:
            series = settings.fred_series or FETCHED
            state, told = IntegrationState.SET_UP, f"{urlsplit(settings.fred_url).hostname} is asked once a day for {', '.join(series)}."
        return Integration("macro", IntegrationKind.MACRO, "Macroeconomic series", state, told, SETTINGS, PAGE)

    def try_it(step: Step, _: Wish) -> str:
        from features.macro.fetching import SeriesFetcher  # noqa: PLC0415 — only a test needs the client
        from infrastructure.outbound import Outbound, OutboundLimits  # noqa: PLC0415 — as above

        series = (settings.fred_series or FETCHED)[0]
        limits = OutboundLimits(TRIAL_SECONDS, 5_000_000)
        fetcher = SeriesFetcher(Outbound.of(settings), settings.fred_url or "", limits=limits)
        with step(f"ask for {series}"):
            try:
                read = fetcher.fetch(series)
            except ValueError as error:
                raise IntegrationFailed(f"{error} Check FRED_URL and FRED_SERIES.") from error
        return f"It answered with {len(read.observations):,} observations of {series}. Nothing was stored."

    return Connector("macro", look, try_it)
