"""Imports: uploads of the prices of many tickers, which a job stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PRICE_IMPORT = "price_import"  # the kind of job


@dataclass(frozen=True)
class ImportProblem:
    """Why a file of an import was refused, as an upload of it alone would be; `total` also counts faults that are not listed."""

    code: str
    message: str
    errors: list[dict[str, str]]
    total: int


@dataclass(frozen=True)
class ImportOutcome:
    """What became of a file of an import. Both are null while it waits; `report` is what an upload of it alone answers."""

    ticker: str
    name: str
    report: dict[str, Any] | None
    problem: ImportProblem | None
