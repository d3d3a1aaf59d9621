"""What all HTTP routes share: authentication, errors, limits, schemas and the hooks around a request. It imports no feature."""
