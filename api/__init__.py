"""HTTP: blueprints, one per noun. A route parses, calls and answers."""
