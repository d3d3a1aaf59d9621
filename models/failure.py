"""Failures of analyses that stand where a result should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AnalysisFailure:
    """Why the last analysis of a ticker failed."""

    code: str
    message: str
    failed_at: datetime


@dataclass(frozen=True)
class NewFailure:
    """A failure to note: of which ticker and strategy, and of which series; `sha256` is None when no prices are stored."""

    ticker: str
    strategy: str
    sha256: str | None
    failure: AnalysisFailure
