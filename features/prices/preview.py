"""What a file would make of a series, for whoever decides on it: the first and last rows, and old and new closes side by side."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.bars import CLOSE, DAYS, FloatArray, columns_of
from models.import_report import Comparison, PreviewRow, UploadPreview
from models.price_series import Bar, PackedBars, day_of

ROWS = 3  # at either end
DAYS_COMPARED, DAYS_BEFORE = 400, 60


def preview_of(former: PackedBars | None, file: PackedBars, outcome: PackedBars) -> UploadPreview:
    """The rows of the outcome, and the closes of the stored series and of the file around the first day that they have in common."""
    first, last = outcome.rows(0, min(ROWS, len(outcome))), outcome.rows(max(len(outcome) - ROWS, 0), len(outcome))
    return UploadPreview([_row(bar) for bar in first], [_row(bar) for bar in last], _comparison(former, file))


def _comparison(former: PackedBars | None, file: PackedBars) -> Comparison:
    theirs = columns_of(file)
    ours = columns_of(former) if former is not None else theirs[:, :0]
    days = np.union1d(_days(ours), _days(theirs))
    common = np.intersect1d(_days(ours), _days(theirs), assume_unique=True)
    if common.size or ours.size:
        # Without a common day, where the file begins.
        start = int(np.searchsorted(days, common[0] if common.size else _days(theirs)[0])) - DAYS_BEFORE
    else:
        start = len(days) - DAYS_COMPARED
    start = max(min(start, len(days) - DAYS_COMPARED), 0)
    days = days[start : start + DAYS_COMPARED]
    return Comparison([day_of(day) for day in days.tolist()], _closes_on(days, ours), _closes_on(days, theirs))


def _closes_on(days: NDArray[np.int64], columns: FloatArray) -> list[float | None]:
    closes = dict(zip(_days(columns).tolist(), columns[CLOSE].tolist(), strict=True))
    return [closes.get(day) for day in days.tolist()]


def _days(columns: FloatArray) -> NDArray[np.int64]:
    return np.ascontiguousarray(columns[DAYS]).view(np.int64)


def _row(bar: Bar) -> PreviewRow:
    return PreviewRow(bar.day, bar.open, bar.high, bar.low, bar.close, None if math.isnan(bar.adj_close) else bar.adj_close, bar.volume)
