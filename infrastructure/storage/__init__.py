"""Stores files as objects under generated keys: in a folder of this machine, or in a bucket of a service that speaks S3."""
