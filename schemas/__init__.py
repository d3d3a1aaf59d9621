"""The names by which the customer imports request models, by domain. They are defined in the features."""
