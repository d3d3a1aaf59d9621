"""All SQL, one module per noun. Functions take a connection and an org_id and return models."""
