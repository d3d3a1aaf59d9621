"""`.venv-bench/bin/python -m benchmarks.weights_golden`: skfolio's weights of equal risk, for tests/analysis/test_weights.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from skfolio import RiskMeasure
from skfolio.moments import EmpiricalCovariance
from skfolio.optimization import RiskBudgeting
from skfolio.prior import EmpiricalPrior

from analysis.bars import FloatArray

PATH = Path("tests/analysis/golden/weights.json")
CASES = {"few": (4, 60), "correlated": (12, 252)}  # members and days
PRECISE = {"tol_gap_abs": 1e-14, "tol_gap_rel": 1e-14, "tol_feas": 1e-14}


def main() -> None:
    """Write the file."""
    golden = {}
    for name, (members, days) in CASES.items():
        drawn = np.random.default_rng(members)
        moved = drawn.normal(size=(days, 2)) @ drawn.normal(size=(2, members))
        returns = 0.01 * (moved + drawn.normal(size=(days, members)) * drawn.uniform(0.2, 3, members))
        golden[name] = {"covariance": np.cov(returns.T, ddof=1).tolist(), "weights": _weights_of(returns).tolist()}
    PATH.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")


def _weights_of(returns: FloatArray) -> FloatArray:
    prior = EmpiricalPrior(covariance_estimator=EmpiricalCovariance())
    model = RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=prior, solver="CLARABEL", solver_params=PRECISE)
    found: FloatArray = model.fit(returns).weights_
    return found


if __name__ == "__main__":
    main()
