"""The feature flags of jobs."""

from models.feature_flag import Flag

BULK_JOBS = Flag("bulk_jobs", "New bulk jobs, and the workers: queued items wait, and claimed items are finished.")
STREAMS = Flag("streams", "Live progress. Clients poll GET /jobs/{id} instead.")
