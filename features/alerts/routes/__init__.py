"""The routes of alerts: the inbox and the rules."""
