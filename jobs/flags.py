"""What can be switched off while the service runs."""

from models.feature_flag import Flag

BULK_JOBS = Flag("bulk_jobs", "New bulk jobs, and workers: what is queued waits, what is in hand is finished.")
STREAMS = Flag("streams", "Live progress. Clients poll GET /jobs/{id} instead.")
