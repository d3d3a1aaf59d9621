"""The feature flags of exchange rates."""

from models.feature_flag import Flag

CURRENCIES = Flag("currencies", "POST /fx-rates and fetching rates. What is stored stays readable.", per_organization=False)
