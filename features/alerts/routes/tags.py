"""The heading of alerts in the API's documentation."""

from api.blueprint import Tag

ALERTS = Tag("Alerts", "Rules that watch verdicts, prices, records, jobs and schedules, and the inbox of what they told.")
