-- When items of an active job last came back to the queue, from a delay or a lost worker: until then they did not wait to be claimed.
ALTER TABLE analysis_jobs ADD COLUMN requeued_at TIMESTAMPTZ;
