"""What operations take and answer over HTTP."""
