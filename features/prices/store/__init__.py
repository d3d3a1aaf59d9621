"""The SQL of price series and of corporate actions."""
