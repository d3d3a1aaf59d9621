"""The bodies and answers of accounts."""
