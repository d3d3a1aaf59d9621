"""Requests to the watchlist; defined in features/watchlist/schemas."""

from features.watchlist.schemas.watchlist import WatchlistAddRequest

__all__ = ["WatchlistAddRequest"]
