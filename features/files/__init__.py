"""Files in the storage: originals of uploads, and kept reports."""
