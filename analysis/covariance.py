"""The covariance of daily returns, shrunk: with more members than days the sample's own is singular."""

from __future__ import annotations

from typing import cast

import numpy as np

from analysis.bars import FloatArray


def shrunk_covariance(returns: FloatArray) -> FloatArray:
    """The covariance of returns of shape (days, members), each with some spread: sample variances, and shrunk correlations.

    Correlations are shrunk towards none, by as much as follows from the sample: Ledoit and Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices" (2004), on returns of variance 1. The result, of shape (members, members), is positive definite
    unless the sample shrinks it by nothing.
    """
    days, members = returns.shape
    spread = returns.std(axis=0)
    scaled = (returns - returns.mean(axis=0)) / spread
    sample = scaled.T @ scaled / days
    size = float(np.einsum("ij,ij->", sample, sample))
    squares = np.einsum("ij,ij->i", scaled, scaled)
    distance = size - members  # of the sample to no correlation, squared
    scatter = (float(squares @ squares) / days - size) / days  # of the days to the sample, squared
    share = 1.0 if distance <= 0 else min(max(scatter / distance, 0.0), 1.0)
    sample *= 1 - share
    sample[np.diag_indices(members)] = 1.0
    sample *= np.outer(spread, spread)
    return cast("FloatArray", sample)
