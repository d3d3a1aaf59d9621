"""What a file would make of a series, for whoever decides on it: the first and last rows, and old and new closes side by side."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.bars import CLOSE, DAYS, FloatArray, columns_of
from models.import_report import Comparison, Difference, PreviewRow, UploadPreview
from models.price_series import Bar, PackedBars, day_of

ROWS = 3  # at either end
DAYS_COMPARED, DAYS_AFTER = 400, 60
DIFFERS = 1e-4  # of a close


def preview_of(former: PackedBars | None, file: PackedBars, outcome: PackedBars) -> UploadPreview:
    """The rows of the outcome, and the closes of the stored series and of the file around the newest day on which they differ."""
    first, last = outcome.rows(0, min(ROWS, len(outcome))), outcome.rows(max(len(outcome) - ROWS, 0), len(outcome))
    return UploadPreview([_row(bar) for bar in first], [_row(bar) for bar in last], _comparison(former, file))


def _comparison(former: PackedBars | None, file: PackedBars) -> Comparison:
    theirs = columns_of(file)
    ours = columns_of(former) if former is not None else theirs[:, :0]
    days = np.union1d(_days(ours), _days(theirs))
    common, at_ours, at_theirs = np.intersect1d(_days(ours), _days(theirs), assume_unique=True, return_indices=True)
    old, new = ours[CLOSE, at_ours], theirs[CLOSE, at_theirs]
    with np.errstate(divide="ignore", invalid="ignore"):
        (differing,) = (np.abs(new / old - 1) > DIFFERS).nonzero()
    last = int(differing[-1]) if differing.size else None
    difference = None if last is None else Difference(day_of(int(common[last])), float(old[last]), float(new[last]))
    # The newest difference with what comes after it; else the newest days.
    shown = len(days) if last is None else int(np.searchsorted(days, common[last])) + DAYS_AFTER
    start = max(min(shown, len(days)) - DAYS_COMPARED, 0)
    days = days[start : start + DAYS_COMPARED]
    counts = (len(common), int(differing.size))
    return Comparison([day_of(day) for day in days.tolist()], _closes_on(days, ours), _closes_on(days, theirs), *counts, difference)


def _closes_on(days: NDArray[np.int64], columns: FloatArray) -> list[float | None]:
    closes = dict(zip(_days(columns).tolist(), columns[CLOSE].tolist(), strict=True))
    return [closes.get(day) for day in days.tolist()]


def _days(columns: FloatArray) -> NDArray[np.int64]:
    return np.ascontiguousarray(columns[DAYS]).view(np.int64)


def _row(bar: Bar) -> PreviewRow:
    return PreviewRow(bar.day, bar.open, bar.high, bar.low, bar.close, None if math.isnan(bar.adj_close) else bar.adj_close, bar.volume)
