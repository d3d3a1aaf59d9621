"""The dashboard: pages, sign-in and static files. Pages are shells; their scripts load the data from the API."""
