"""The feature flags of macroeconomic series."""

from models.feature_flag import Flag

MACRO = Flag("macro", "PUT /macro and fetching series. What is stored stays readable.", per_organization=False)
