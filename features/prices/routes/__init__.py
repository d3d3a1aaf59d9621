"""The HTTP routes of prices."""
