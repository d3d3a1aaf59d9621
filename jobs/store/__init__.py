"""The SQL of jobs, their items and the maintenance tasks."""
