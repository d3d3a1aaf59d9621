"""The parts of database.py and db_migrations.py: drivers, pool events, script splitting."""
