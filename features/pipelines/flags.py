"""The feature flag of pipelines."""

from models.feature_flag import Flag

PIPELINES = Flag("pipelines", "Starting runs of pipelines, by hand, by a schedule or by an event. Runs that have begun go on.")
