"""The HTTP schemas of pipelines."""
