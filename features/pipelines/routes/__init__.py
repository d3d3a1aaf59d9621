"""The HTTP routes of pipelines."""
