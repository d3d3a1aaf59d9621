"""The feature flags of evidence."""

from models.feature_flag import Flag

EVIDENCE = Flag("evidence", "Computing evidence and backtests. What is stored stays readable.")
