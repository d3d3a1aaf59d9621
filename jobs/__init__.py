"""Running jobs: one executor, two engines over it (local processes, Celery), and the maintenance that both need."""
