"""Import of a database of the earlier tool: its watch list, the results that it gave, and its jobs."""
