"""The dashboard: pages, their session, and what browsers load. Pages are shells; what they show comes from the API."""
