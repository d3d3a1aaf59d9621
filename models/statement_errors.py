"""Errors about files of transactions."""

from __future__ import annotations

from models.errors import BellwetherError, Conflict
from models.statement import StatementFault


class StatementRefused(BellwetherError):
    """The file of transactions is refused; nothing was added. `total` also counts faults that are not listed."""

    code = "statement_refused"

    def __init__(self, faults: list[StatementFault], total: int) -> None:
        self.faults, self.total = faults, total
        first = faults[0]
        rest = f" {total - 1:,} more." if total > 1 else ""
        super().__init__(f"{first.place}: {first.message}{rest} Nothing was added.")


class TooManySymbols(Conflict):
    """There are as many tickers of securities as can be kept."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have told the tickers of {most:,} securities, which is the most that is kept. Forget some first.")
