"""The audit log, for who answers for an organization or the installation."""
