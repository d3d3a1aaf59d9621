"""The feature flags of prices."""

from models.feature_flag import Flag

UPLOADS = Flag("uploads", "PUT /prices. Prices that are stored stay readable.")
FETCHES = Flag("fetches", "Fetching prices from providers, on demand or by POST /refresh. Prices that are stored stay readable.")
