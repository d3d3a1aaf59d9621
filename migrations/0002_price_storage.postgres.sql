-- Packed prices hardly compress; kept out of line and uncompressed they are read without a detour through the decompressor.
ALTER TABLE price_series ALTER COLUMN data SET STORAGE EXTERNAL;
