"""The routes of the indexes."""
