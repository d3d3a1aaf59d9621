"""One package per feature, each with the same few files: routes, schemas, service, store, kinds of job, terminal commands.

`FEATURES` is the one list of them, from the bottom layer up. Adding a feature adds a line here.
"""

from features.accounts.feature import FEATURE as ACCOUNTS
from features.analyses.feature import FEATURE as ANALYSES
from features.operations.feature import FEATURE as OPERATIONS
from features.prices.feature import FEATURE as PRICES
from features.reports.feature import FEATURE as REPORTS
from features.watchlist.feature import FEATURE as WATCHLIST
from jobs.feature import MACHINE as JOBS

FEATURES = (JOBS, ACCOUNTS, PRICES, ANALYSES, WATCHLIST, REPORTS, OPERATIONS)
