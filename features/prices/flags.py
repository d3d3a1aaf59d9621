"""The feature flags of prices."""

from models.feature_flag import Flag

UPLOADS = Flag("uploads", "PUT /prices and PUT /universes. What is stored stays readable.")
FETCHES = Flag("fetches", "Asking providers for prices, on demand or by POST /refresh, and for tickers. What is stored stays readable.")
