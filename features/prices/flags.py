"""The feature flags of prices."""

from models.feature_flag import Flag

UPLOADS = Flag("uploads", "PUT /prices. Prices that are stored stay readable.")
