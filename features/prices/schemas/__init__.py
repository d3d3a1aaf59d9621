"""The HTTP schemas of prices."""
