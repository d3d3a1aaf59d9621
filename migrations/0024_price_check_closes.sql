-- Both closes of the day on which they differ most, and the first day on which they differ or only one of them has a close.
ALTER TABLE price_checks ADD COLUMN since_day DATE;
ALTER TABLE price_checks ADD COLUMN worst_close DOUBLE PRECISION;
ALTER TABLE price_checks ADD COLUMN worst_other DOUBLE PRECISION;
