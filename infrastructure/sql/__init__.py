"""What the database seam (database.py, db_migrations.py) is made of: drivers, pool events, scripts."""
