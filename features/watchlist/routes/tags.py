"""The heading of the watch lists in the API's documentation."""

from api.blueprint import Tag

WATCHLIST = Tag("Watchlist", "Tickers to follow, on the default list and on lists with a name.")
