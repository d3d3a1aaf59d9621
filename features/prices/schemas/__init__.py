"""What prices take and answer over HTTP."""
