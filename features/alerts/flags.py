"""The feature flags of alerts."""

from models.feature_flag import Flag

ALERTS = Flag("alerts", "The evaluation of alert rules: nothing fires and nothing is told. What was told stays readable.")
