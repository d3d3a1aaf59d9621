"""All SQL of the tables of schedules."""
