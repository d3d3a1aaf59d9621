"""Errors about exchange rates."""

from __future__ import annotations

from models.errors import BellwetherError, Conflict, NotFound


class RateNotFound(NotFound):
    """There are no exchange rates of a currency."""

    code = "rate_not_found"

    def __init__(self, currency: str) -> None:
        self.currency = currency
        super().__init__(
            f"There are no exchange rates of {currency} against EUR. Upload them with POST /api/v1/fx-rates, or have them fetched: set "
            "FX_RATES_URL. GET /api/v1/fx-rates lists what is there."
        )


class SharedRatesStay(Conflict):
    """The rates belong to all organizations."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        super().__init__(f"The rates of {currency} are shared by all organizations; you have none of your own that could be deleted.")


class NoRatesOfEuro(BellwetherError):
    """Rates are stored against the euro, so it has none of its own. Name another currency."""

    code = "validation_error"


class NoRateProvider(BellwetherError):
    """Exchange rates are not fetched: set FX_RATES_URL, or upload them with POST /api/v1/fx-rates."""

    code = "no_provider"
