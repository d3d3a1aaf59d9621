"""What can be switched off while the service runs."""

from models.feature_flag import Flag

ANALYSES = Flag("analyses", "POST /analyze. Results that are stored stay readable.")
