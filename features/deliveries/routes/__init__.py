"""The HTTP routes of channels and deliveries."""
