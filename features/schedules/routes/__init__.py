"""The HTTP routes of schedules."""
