"""Schemas of channels and deliveries."""
