-- The record of a verdict, which the screener filters and sorts by, beside the latest result; null without one.
ALTER TABLE latest_results ADD COLUMN record_hit DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN record_lift DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN record_n BIGINT;
-- The engine that made a result: only results of the present one are its live record. Null of results from before.
ALTER TABLE analysis_results ADD COLUMN engine_version TEXT;
