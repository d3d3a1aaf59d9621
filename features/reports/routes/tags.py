"""The tag of the routes of reports."""

from __future__ import annotations

from api.blueprint import Tag

REPORTS = Tag("Reports", "Files of stored results and prices: made while they are asked for, or by a job and kept.")
