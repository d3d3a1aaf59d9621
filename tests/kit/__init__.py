"""Helpers that the tests share: databases, servers, Redis, clients, and generated prices."""
