"""What analyses take and answer over HTTP."""
