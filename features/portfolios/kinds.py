"""The kind of job that values portfolios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from database import Database
from infrastructure.foundation import Foundation
from jobs.kind import IsolationLimits
from models.errors import BellwetherError
from models.job import Fault, Lane, Stored
from models.portfolio_value import PORTFOLIO_VALUATION

if TYPE_CHECKING:
    from features.portfolios.valuations import NewValues


class PortfolioValuing:
    """Values portfolios by their ids, the days of each whole or not at all. An outcome is `NewValues`, or the Fault of a portfolio."""

    name = PORTFOLIO_VALUATION
    lane = Lane.CPU
    limits = IsolationLimits(cpu_seconds=120.0, answer_seconds=180.0)
    unexpected = Fault("internal_error", "The portfolio could not be valued; the log has the reason. Other portfolios are not affected.")

    def __init__(self, foundation: Foundation) -> None:
        self._foundation = foundation

    def prepare(self) -> None:
        """Import the computation."""
        from features.portfolios import valuations as valuations  # noqa: PLC0415, PLC0414 — only workers of this lane need it

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, NewValues | Fault]]:
        """Yield what is to be stored of each portfolio."""
        from features.portfolios.store.transaction import Ledger  # noqa: PLC0415 — as above
        from features.portfolios.valuations import value_portfolio  # noqa: PLC0415 — as above
        from features.portfolios.valuing import Valuer  # noqa: PLC0415 — as above

        valuer = self._foundation.part(Valuer.of)
        for portfolio_id in keys:
            try:
                yield portfolio_id, value_portfolio(database, valuer, Ledger(org_id, portfolio_id))
            except BellwetherError as error:
                yield portfolio_id, Fault(error.code, str(error))

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, NewValues], moment: datetime) -> Mapping[str, Stored]:
        """Store the days and tell of them."""
        from features.portfolios.valuations import store_values  # noqa: PLC0415 — as above

        return store_values(connection, org_id, outcomes, moment)
