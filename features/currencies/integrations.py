"""The address that exchange rates are fetched from, as an integration."""

from __future__ import annotations

from urllib.parse import urlsplit

from config import Settings
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from models.integration import Integration, IntegrationKind, IntegrationState

SETTINGS = ("FX_RATES_URL",)
TRIAL_SECONDS = 10.0


def rates_connector(settings: Settings) -> Connector:
    """The address of the rates."""

    def look() -> Integration:
        state, told = IntegrationState.OFF, "Not asked: rates are uploaded. Set FX_RATES_URL to have them fetched several times a day."
        if settings.fx_rates_url is not None:
            state, told = IntegrationState.SET_UP, f"{urlsplit(settings.fx_rates_url).hostname} is asked several times a day."
        return Integration("fx-rates", IntegrationKind.CURRENCIES, "Exchange rates", state, told, SETTINGS)

    def try_it(step: Step, _: Wish) -> str:
        from features.currencies.fetching import LIMITS, RateFetcher  # noqa: PLC0415 — only a test needs the client
        from infrastructure.outbound import Outbound, OutboundLimits  # noqa: PLC0415 — as above

        limits = OutboundLimits(TRIAL_SECONDS, LIMITS.most_bytes)
        fetcher = RateFetcher(Outbound.of(settings), settings.fx_rates_url or "", limits=limits)
        with step("ask for rates"):
            try:
                read = fetcher.fetch()
            except ValueError as error:
                raise IntegrationFailed(f"{error} Check FX_RATES_URL.") from error
        last = max(rates.days()[-1] for rates in read.rates.values())
        return f"It answered with rates of {len(read.rates):,} currencies to {last}. Nothing was stored."

    return Connector("fx-rates", look, try_it)
