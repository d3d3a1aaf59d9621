"""Jobs: one executor, two engines that use it (local processes and Celery), and the maintenance that both need."""
