"""For operators: health, metrics, feature flags, the cache, the status page."""
