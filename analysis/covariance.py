"""The covariance of daily returns, shrunk: with more members than days the sample's own is singular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.bars import FloatArray


@dataclass(frozen=True)
class Covariance:
    """The covariance of members: their standard deviations of shape (members,), and their correlations.

    The correlations are factors'·factors + own·1, with factors of shape (any number, members). With fewer days than members, products with
    these are had in less time than the matrix takes to be made.
    """

    spread: FloatArray
    factors: FloatArray
    own: float = 0.0

    def correlated(self, values: FloatArray) -> FloatArray:
        """The product of the correlations and a vector."""
        return (self.factors @ values) @ self.factors + self.own * values

    def matrix(self) -> FloatArray:
        """The whole covariance, of shape (members, members)."""
        correlations = self.factors.T @ self.factors + self.own * np.eye(len(self.spread))
        return correlations * np.outer(self.spread, self.spread)


def shrunk_covariance(returns: FloatArray) -> Covariance:
    """The covariance of returns of shape (days, members), each with some spread: sample variances, and shrunk correlations.

    Correlations are shrunk towards none, by as much as follows from the sample: Ledoit and Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices" (2004), on returns of variance 1. The result is positive definite unless the sample shrinks it by
    nothing.
    """
    days, members = returns.shape
    spread = returns.std(axis=0)
    scaled = (returns - returns.mean(axis=0)) / spread
    # The correlations of the sample, or what its days have in common: the sum of the squares is the same.
    sample = (scaled @ scaled.T if days < members else scaled.T @ scaled) / days
    size = float(np.einsum("ij,ij->", sample, sample))
    squares = np.einsum("ij,ij->i", scaled, scaled)
    distance = size - members  # of the sample to no correlation, squared
    scatter = (float(squares @ squares) / days - size) / days  # of the days to the sample, squared
    share = 1.0 if distance <= 0 else min(max(scatter / distance, 0.0), 1.0)
    return Covariance(spread, scaled * np.sqrt((1 - share) / days), share)
