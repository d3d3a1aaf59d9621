"""The feature flags of jobs."""

from models.feature_flag import Flag

BULK_JOBS = Flag(
    "bulk_jobs", "New bulk jobs and the workers. While off, no bulk job is accepted, queued items wait, and items in hand are finished."
)
STREAMS = Flag("streams", "Live progress. Clients poll GET /jobs/{id} instead.")
