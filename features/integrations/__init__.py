"""What the service is connected to: whether it is set up, how it stands, and whether it works when it is tried."""
