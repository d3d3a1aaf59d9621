"""Events: a record of what happened, which callers read, follow and add to."""
