"""An index of 500 members over 13 years, rebalanced monthly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, times, within
from benchmarks.servers import Servers

if TYPE_CHECKING:
    from analysis.bars import FloatArray
    from analysis.panel import Closes

TITLE = "Indexes"
NOTE = (
    "500 members over 3,270 days of random walks, 156 rebalancings, a cap of 5 % on single members: putting the closes, which are loaded, "
    "on one calendar, the weights of each reference day, and the levels without and with distributions. The median call of a round of 1 s, "
    "the best of 5 rounds taken in turns. skfolio finds the weights of equal risk of 500 members from 1,000 daily returns, by their "
    "covariance and with its default solver; ours are by the same."
)
ROUNDS = 5
SECONDS = 1.0  # per round
MOST_SECONDS = 0.3
MEMBERS, DAYS = 500, 3_270
METHODS = ("equal", "inverse_volatility", "momentum")
EQUAL_RISK = "equal_risk"
MOST_SECONDS_OF_EQUAL_RISK = 1.0  # a covariance of 500 members at each rebalancing
SAMPLE = 1_000  # days, of the weights alone
ALONE, PEER = "weights", "skfolio"


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    with Meter(__name__, "ours") as ours, Meter(__name__, "peers", with_pandas=True) as peers:
        mine = [(ours, name, SECONDS) for name in (*METHODS, EQUAL_RISK, ALONE)]
        best = best_of(ROUNDS, [*mine, (peers, PEER, SECONDS)])
    ratio = best[PEER] / best[ALONE]
    return [
        *(within(f"an index by {name.replace('_', ' ')}", best[name], MOST_SECONDS) for name in METHODS),
        within("an index by equal risk contribution", best[EQUAL_RISK], MOST_SECONDS_OF_EQUAL_RISK),
        Row("weights of equal risk, beside skfolio 1.12.2", milliseconds(best[ALONE]), milliseconds(best[PEER]), f"{times(ratio)} faster"),
    ]


def ours() -> Contenders:
    """An index by each method, and weights of equal risk alone."""
    import numpy as np

    from analysis.covariance import Covariance
    from analysis.index import Course, reference_rows, track_of
    from analysis.index_targets import Caps, Recipe, Weigher, target_of
    from analysis.panel import panel_of
    from analysis.weights import equal_risk
    from models.index import Rebalance, WeightingMethod

    closes = _walks()
    everybody = np.ones(MEMBERS, dtype=bool)

    def compute(method: WeightingMethod) -> None:
        recipe = Recipe(Weigher(method), Caps(single=0.05))
        panel = panel_of(closes)
        course = Course(253, DAYS - 1, reference_rows(panel.days, Rebalance.MONTHLY))
        assert track_of(panel, course, lambda _, known: target_of(known, recipe, everybody)) is not None

    def weights() -> None:
        assert equal_risk(sample_covariance) is not None

    sample = _sample()
    spread = sample.std(axis=0)
    sample_covariance = Covariance(spread, (sample - sample.mean(axis=0)) / (spread * np.sqrt(SAMPLE)))
    return {name: partial(compute, WeightingMethod(name)) for name in (*METHODS, EQUAL_RISK)} | {ALONE: weights}


def peers() -> Contenders:
    """The weights of equal risk by skfolio."""
    import warnings

    warnings.simplefilter("ignore")  # of its solver, about the accuracy that it reaches
    from skfolio import RiskMeasure
    from skfolio.moments import EmpiricalCovariance
    from skfolio.optimization import RiskBudgeting
    from skfolio.prior import EmpiricalPrior

    sample = _sample()

    def weights() -> None:
        prior = EmpiricalPrior(covariance_estimator=EmpiricalCovariance())
        assert RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=prior).fit(sample) is not None

    return {PEER: weights}


def _sample() -> FloatArray:
    """Returns by day and member."""
    import numpy as np

    closes = _walks()
    return np.stack([each.price[1 : SAMPLE + 1] / each.price[:SAMPLE] - 1 for each in closes], axis=1)


def _walks() -> list[Closes]:
    import numpy as np

    from analysis.panel import Closes

    random = np.random.default_rng(1)
    days = np.busday_offset(np.datetime64("2013-01-02"), np.arange(DAYS)).astype("datetime64[D]")
    market = random.normal(0.0002, 0.01, DAYS)
    prices = [50 * np.exp(np.cumsum(market + random.normal(0, 0.005 + 0.00003 * number, DAYS))) for number in range(MEMBERS)]
    return [Closes(days, price, price * np.linspace(0.8, 1, DAYS)) for price in prices]
