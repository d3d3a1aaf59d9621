"""One package per feature, each with the same few files: routes, schemas, service, store, kinds of job, terminal commands.

`FEATURES` lists them, from the bottom layer up. A new feature adds a line here.
"""

from importlib import import_module

from config import ConfigError, Fault, Settings
from features.accounts.feature import FEATURE as ACCOUNTS
from features.alerts.feature import FEATURE as ALERTS
from features.analyses.feature import FEATURE as ANALYSES
from features.audit.feature import FEATURE as AUDIT
from features.belongings.feature import FEATURE as BELONGINGS
from features.currencies.feature import FEATURE as CURRENCIES
from features.deliveries.feature import FEATURE as DELIVERIES
from features.evening.feature import FEATURE as EVENING
from features.events.feature import FEATURE as EVENTS
from features.evidence.feature import FEATURE as EVIDENCE
from features.files.feature import FEATURE as FILES
from features.indexes.feature import FEATURE as INDEXES
from features.integrations.feature import FEATURE as INTEGRATIONS
from features.legacy.feature import FEATURE as LEGACY
from features.macro.feature import FEATURE as MACRO
from features.news.feature import FEATURE as NEWS
from features.operations.feature import FEATURE as OPERATIONS
from features.pipelines.feature import FEATURE as PIPELINES
from features.portfolios.feature import FEATURE as PORTFOLIOS
from features.prices.feature import FEATURE as PRICES
from features.reports.feature import FEATURE as REPORTS
from features.risk.feature import FEATURE as RISK
from features.schedules.feature import FEATURE as SCHEDULES
from features.strategies.feature import FEATURE as STRATEGIES
from features.watchlist.feature import FEATURE as WATCHLIST
from infrastructure.feature import Feature
from jobs.feature import MACHINE as JOBS

FEATURES = (
    JOBS,
    ACCOUNTS,
    EVENTS,
    FILES,
    PRICES,
    STRATEGIES,
    ANALYSES,
    EVIDENCE,
    MACRO,
    NEWS,
    CURRENCIES,
    WATCHLIST,
    PORTFOLIOS,
    INDEXES,
    RISK,
    LEGACY,
    DELIVERIES,
    ALERTS,
    PIPELINES,
    SCHEDULES,
    EVENING,
    REPORTS,
    AUDIT,
    INTEGRATIONS,
    BELONGINGS,
    OPERATIONS,
)


def load_features(settings: Settings) -> tuple[Feature, ...]:
    """The features of this installation: FEATURES, and those of the modules that EXTRA_FEATURES names.

    Raises ConfigError for a module that cannot be imported or has no `FEATURE`.
    """
    return (*FEATURES, *map(_load, settings.extra_features))


def _load(name: str) -> Feature:
    try:
        feature = import_module(name).FEATURE
    except (ImportError, AttributeError, ValueError) as error:
        remedy = "Name modules that can be imported, each with a `FEATURE`; see docs/architecture.md."
        raise ConfigError([Fault("EXTRA_FEATURES", f"{name[:100]!r} is not a feature ({error}).", remedy)]) from error
    if not isinstance(feature, Feature):
        problem = f"{name[:100]!r}: its `FEATURE` is not an infrastructure.feature.Feature."
        raise ConfigError([Fault("EXTRA_FEATURES", problem, "Make it one.")])
    return feature
