"""SQL of channels, deliveries and attempts."""
