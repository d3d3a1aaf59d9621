"""Notes which analyses of followed tickers failed, for the overview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import exc

from database import Database
from features.analyses.store import failure as failure_store
from models.errors import BellwetherError
from models.failure import AnalysisFailure, NewFailure
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)


def new_failure(error: BellwetherError, ticker: str, strategy: str, sha256: str | None, moment: datetime) -> NewFailure:
    """The failure of an analysis that read the series with this digest after `moment`."""
    return NewFailure(ticker, strategy, sha256, AnalysisFailure(error.code, str(error), moment))


def note_failures(database: Database, org_id: int, failures: Sequence[NewFailure]) -> None:
    """Keep the failures of followed tickers. A database that refuses them is logged: the analysis has its own error to tell."""
    if not failures:
        return
    try:
        with database.read() as connection:
            followed = failure_store.followed(connection, org_id, [new.ticker for new in failures])
        to_keep = [new for new in failures if new.ticker in followed]
        if to_keep:
            with database.transaction() as connection:
                failure_store.save(connection, org_id, to_keep)
    except exc.SQLAlchemyError as error:
        log.warning("failures of analyses cannot be noted", failures=len(failures), reason=reason_of(error))
