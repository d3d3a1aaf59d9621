"""Errors of what a portfolio is worth and how it did."""

from __future__ import annotations

from datetime import date

from models.errors import BellwetherError, NotFound


class NothingToValue(BellwetherError):
    """There is no day on which the portfolio has a value."""

    code = "insufficient_history"

    def __init__(self, why: str) -> None:
        super().__init__(f"The portfolio cannot be valued. {why}")


class NothingBooked(NothingToValue):
    """Nothing is booked in the portfolio that could have a value."""


class NoDaysInPeriod(BellwetherError):
    """The portfolio has fewer than two values in the period."""

    code = "insufficient_history"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"The portfolio has fewer than two values in this period. It has values from {first} to {last}.")


class PackNotFound(NotFound):
    """There is no such pricing pack."""

    def __init__(self, digest: str | None = None) -> None:
        what = "There is no pricing pack of this day" if digest is None else f"There is no pricing pack {digest[:64]}"
        super().__init__(f"{what}. Packs are kept for a time; see GET /api/v1/pricing-packs.")


class PackIncomplete(BellwetherError):
    """A pricing pack lacks something that the ledger has at that version."""

    code = "validation_error"

    def __init__(self, missing: str) -> None:
        super().__init__(f"The pricing pack has no {missing}, which the ledger has at this version. Name the version that the answer told.")
