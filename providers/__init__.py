"""Where prices come from: one file per source behind one Protocol."""
