"""The task that the peers' workers run: one analysis, read from and written to the database PEER_DATABASE, or nothing without it."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from models.strategy import STRATEGIES

if TYPE_CHECKING:
    from database import Database

URL = os.environ.get("PEER_DATABASE", "")


def perform(number: int) -> None:
    """Analyse a demo ticker, as a client of the product's modules would."""
    if not URL:
        return
    from features.analyses.service import analyse_ticker
    from infrastructure.cache import NoCache
    from models.analysis import AnalysisOrder
    from models.api_key import FIRST_ORG

    database = _database()
    analyse_ticker(database, FIRST_ORG, AnalysisOrder(f"DEMO{number:05d}", STRATEGIES["breakout"]), NoCache(database))


@cache
def _database() -> Database:
    from database import Database, DatabaseOptions
    from utils.logger import configure_logging

    configure_logging("error", as_json=False)
    return Database(DatabaseOptions(url=URL))
