-- What came of an item, in the words of its kind: a label to count and filter by (the verdict of an analysis), whether it differs from what the
-- same key had before, and facts as JSON, for a list that needs no other table. NULL for items that ended before.
ALTER TABLE analysis_job_items ADD COLUMN outcome TEXT CHECK (length(outcome) BETWEEN 1 AND 50);
ALTER TABLE analysis_job_items ADD COLUMN changed BOOLEAN;
ALTER TABLE analysis_job_items ADD COLUMN facts TEXT;
