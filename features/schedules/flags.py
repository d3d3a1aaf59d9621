"""The feature flag of schedules."""

from models.feature_flag import Flag

SCHEDULES = Flag("schedules", "Schedules start nothing. Each due time is noted as skipped, and stored schedules stay readable.")
