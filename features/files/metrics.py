"""The metrics of stored files."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection

from features.files import service
from models.stored_file import Purpose

UNFINISHED = ("writing", "removed")


def read_metrics(connection: Connection) -> list[Metric]:
    """How many files are stored for each purpose and their bytes, and how many are being written or removed."""
    files = GaugeMetricFamily("bellwether_stored_files", "Files in the storage.", labels=["purpose"])
    size = GaugeMetricFamily("bellwether_stored_bytes", "Bytes of these files.", labels=["purpose"])
    found = {usage.purpose: usage for usage in service.usage(connection)}
    for purpose in Purpose:
        usage = found.get(purpose)
        files.add_metric([purpose], usage.files if usage else 0)
        size.add_metric([purpose], usage.bytes if usage else 0)
    unfinished = GaugeMetricFamily(
        "bellwether_stored_files_unfinished", "Files that are being written or are to be removed.", labels=["state"]
    )
    counted = service.count_unfinished(connection)
    for state in UNFINISHED:
        unfinished.add_metric([state], counted.get(state, 0))
    return [files, size, unfinished]
