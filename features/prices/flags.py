"""What can be switched off while the service runs."""

from models.feature_flag import Flag

UPLOADS = Flag("uploads", "PUT /prices. Prices that are stored stay readable.")
