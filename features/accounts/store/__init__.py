"""The SQL of API keys and sessions."""
