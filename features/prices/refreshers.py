"""The refresher of a worker process, made when it is first needed: all threads share its connections, which are kept alive."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from config import Settings
from database import Database

if TYPE_CHECKING:
    from features.prices.refresh import Refresher
    from features.prices.registry import Configured


class SharedRefresher:
    """Opens nothing, and imports no client of a provider, before `of` is called."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._providers: list[Configured] = []
        self._refresher: Refresher | None = None

    def of(self, database: Database) -> Refresher:
        """The refresher; every call passes the process's one database."""
        from features.prices.refresh import Refresher  # noqa: PLC0415 — only network workers need the clients
        from features.prices.registry import connect  # noqa: PLC0415 — as above

        with self._lock:
            if self._refresher is None:
                self._providers = connect(self._settings, database)
                self._refresher = Refresher(database, self._providers)
            return self._refresher

    def close(self) -> None:
        """Close the connections to the providers."""
        with self._lock:
            for configured in self._providers:
                configured.provider.close()
            self._providers, self._refresher = [], None
