"""What whoever is on call looks at and switches: health, metrics, feature flags, the cache, the status page."""
