"""Health checks of the application, its database, its machine and Redis."""
