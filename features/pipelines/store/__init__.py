"""The SQL of pipelines, their runs and workflows."""
