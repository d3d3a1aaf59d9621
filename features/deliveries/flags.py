"""The feature flag of deliveries."""

from models.feature_flag import Flag

DELIVERIES = Flag("deliveries", "Sending messages through channels. Messages wait meanwhile and are sent afterwards.")
