"""Commands of those who develop the service, called by the Makefile."""
