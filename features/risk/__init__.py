"""Risk: what holding something was like."""
