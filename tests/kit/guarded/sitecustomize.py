"""Python imports this at its start, where this folder is on PYTHONPATH: every Python process of a test stays on this machine."""

import loopback_only  # type: ignore[import-not-found]  # this folder is on the path

loopback_only.enforce_in_children()
