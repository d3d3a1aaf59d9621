"""`.venv-bench/bin/python -m benchmarks.risk_golden`: what empyrical makes of the bundled prices, for tests/analysis/test_risk.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import empyrical
import numpy as np

from analysis.bars import Bars, FloatArray, adjusted_bars
from analysis.returns import YEAR, returns_of
from features.prices.providers.sample import SampleProvider
from models.price_series import PackedBars

PATH = Path("tests/analysis/golden/risk.json")
RATE = 0.03  # a year
PAIRS = (("AAPL", "MSFT"), ("IBM", "AAPL"), ("GOOG", "IBM"))


def main() -> None:
    """Write the file."""
    bars = {series.ticker: adjusted_bars(PackedBars.pack(series.bars), adjusted=True) for series in SampleProvider().series()}
    golden = {
        "rate": RATE,
        "alone": {ticker: {str(rate): _alone(returns_of(bars[ticker].close), rate) for rate in (0.0, RATE)} for ticker in bars},
        "beside": [{"ticker": ticker, "benchmark": other, **_beside(bars[ticker], bars[other])} for ticker, other in PAIRS],
    }
    PATH.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")


def _alone(returns: FloatArray, rate: float) -> dict[str, float]:
    daily = (1 + rate) ** (1 / YEAR) - 1
    return {
        "cagr": float(empyrical.annual_return(returns)),
        "volatility": float(empyrical.annual_volatility(returns)),
        "sharpe": float(empyrical.sharpe_ratio(returns, risk_free=daily)),
        "sortino": float(empyrical.sortino_ratio(returns, required_return=daily)),
        "calmar": float(empyrical.calmar_ratio(returns)),
        "max_drawdown": float(empyrical.max_drawdown(returns)),
        "var_95": float(empyrical.value_at_risk(returns, 0.05)),
        "cvar_95": float(empyrical.conditional_value_at_risk(returns, 0.05)),
        "tail_ratio": float(empyrical.tail_ratio(returns)),
    }


def _beside(bars: Bars, other: Bars) -> dict[str, Any]:
    """The numbers of the days that both have, whose closes are compared."""
    _, rows, others = np.intersect1d(bars.days, other.days, return_indices=True)
    returns, factor = returns_of(bars.close[rows]), returns_of(other.close[others])
    daily = (1 + RATE) ** (1 / YEAR) - 1
    difference = returns - factor
    return {
        "days": len(returns),
        "beta": float(empyrical.beta(returns, factor, daily)),
        "alpha": float(empyrical.alpha(returns, factor, daily)),
        "correlation": float(np.corrcoef(returns, factor)[0, 1]),
        "tracking_error": float(empyrical.annual_volatility(difference)),
        "information_ratio": float(empyrical.excess_sharpe(returns, factor) * np.sqrt(YEAR)),
        "up_capture": float(empyrical.up_capture(returns, factor)),
        "down_capture": float(empyrical.down_capture(returns, factor)),
    }


if __name__ == "__main__":
    main()
