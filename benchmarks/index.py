"""An index of 500 members over 13 years, rebalanced monthly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, within
from benchmarks.servers import Servers

if TYPE_CHECKING:
    from analysis.panel import Closes

TITLE = "Indexes"
NOTE = (
    "500 members over 3,270 days of random walks, 156 rebalancings, a cap of 5 % on single members: putting the closes, which are loaded, "
    "on one calendar, the weights of each reference day, and the levels without and with distributions. The median call of a round of 1 s, "
    "the best of 5 rounds taken in turns."
)
ROUNDS = 5
SECONDS = 1.0  # per round
MOST_SECONDS = 0.3
MEMBERS, DAYS = 500, 3_270
QUICK = ("equal", "inverse_volatility", "momentum")
SLOW = "equal_risk"  # a covariance of 500 members at each rebalancing


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    with Meter(__name__, "ours") as ours:
        best = best_of(ROUNDS, [(ours, name, SECONDS) for name in QUICK]) | best_of(1, [(ours, SLOW, SECONDS)])
    return [
        *(within(f"an index by {name.replace('_', ' ')}", best[name], MOST_SECONDS) for name in QUICK),
        Row("an index by equal risk contribution", milliseconds(best[SLOW])),
    ]


def ours() -> Contenders:
    """An index by each method."""
    import numpy as np

    from analysis.index import Course, reference_rows, track_of
    from analysis.index_targets import Caps, Recipe, Weigher, target_of
    from analysis.panel import panel_of
    from models.index import Rebalance, WeightingMethod

    closes = _walks()
    everybody = np.ones(MEMBERS, dtype=bool)

    def compute(method: WeightingMethod) -> None:
        recipe = Recipe(Weigher(method), Caps(single=0.05))
        panel = panel_of(closes)
        course = Course(253, DAYS - 1, reference_rows(panel.days, Rebalance.MONTHLY))
        assert track_of(panel, course, lambda _, known: target_of(known, recipe, everybody)) is not None

    return {name: partial(compute, WeightingMethod(name)) for name in (*QUICK, SLOW)}


def _walks() -> list[Closes]:
    import numpy as np

    from analysis.panel import Closes

    random = np.random.default_rng(1)
    days = np.busday_offset(np.datetime64("2013-01-02"), np.arange(DAYS)).astype("datetime64[D]")
    market = random.normal(0.0002, 0.01, DAYS)
    prices = [50 * np.exp(np.cumsum(market + random.normal(0, 0.005 + 0.00003 * number, DAYS))) for number in range(MEMBERS)]
    return [Closes(days, price, price * np.linspace(0.8, 1, DAYS)) for price in prices]
