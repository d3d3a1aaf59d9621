"""What belongs to an organization or to a person: an export of all of it, and its removal."""
