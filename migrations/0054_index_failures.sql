-- Why the last look at an index published nothing, in a sentence; null when it did, or found nothing new.
ALTER TABLE indexes ADD COLUMN failure TEXT;
