"""Golden files: the engine's results for the bundled prices, to the last bit.

`PYTHONPATH=.:tests python -m kit.golden` writes them. They change only with ENGINE_VERSION: a faster engine gives the same bits.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from analysis.bars import Bars, adjusted_bars
from analysis.engine import signal_history
from features.prices.providers.sample import SampleProvider
from kit.bars import chosen, seen
from models.price_series import PackedBars
from models.strategy import STRATEGIES
from utils.json_text import dump

FOLDER = Path(__file__).resolve().parents[1] / "analysis" / "golden"
# Lengths at which an indicator becomes available or a window is full. The length of the whole series is added.
LENGTHS = (50, 51, 59, 60, 61, 199, 200, 201, 249, 250, 251, 260, 261, 999, 1_000, 2_999)


def golden(bars: Bars) -> dict[str, Any]:
    """For each strategy: the full analysis of the newest day, and digests of the analyses of shorter histories and of all votes.

    JSON has the shortest text of each double, so equal texts mean equal bits.
    """
    return {strategy: _of_strategy(bars, strategy) for strategy in STRATEGIES}


def path_of(ticker: str) -> Path:
    """The golden file of a ticker."""
    return FOLDER / f"{ticker}.json"


def _of_strategy(bars: Bars, strategy: str) -> dict[str, Any]:
    parameters = chosen(strategy)
    shorter = hashlib.sha256()
    for length in (*(length for length in LENGTHS if length < len(bars)), len(bars)):
        shorter.update(dump(seen(bars.until(length), parameters)))
    history = signal_history(bars, parameters)
    days = hashlib.sha256()
    for array in (history.score, history.value, history.votes.vote, history.votes.confidence):
        # Make −0.0 equal to 0.0, and all NaN equal.
        days.update(np.where(np.isnan(array), np.nan, array + 0.0).tobytes())
    return {
        "newest": json.loads(dump(seen(bars, parameters))),
        "shorter_histories_sha256": shorter.hexdigest(),
        "all_days_sha256": days.hexdigest(),
    }


def main() -> None:
    """Write the golden files of the bundled prices."""
    for series in SampleProvider().series():
        bars = adjusted_bars(PackedBars.pack(series.bars), series.adjusted)
        path_of(series.ticker).write_text(json.dumps(golden(bars), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
