"""The feature flags of analyses."""

from models.feature_flag import Flag

ANALYSES = Flag("analyses", "POST /analyze. Results that are stored stay readable.")
