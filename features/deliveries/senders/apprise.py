"""Apprise: an extra (requirements-apprise.txt) for services that have no sender here. Imported by the first message in a worker only."""

from __future__ import annotations

from typing import Any

from features.deliveries.addresses import APPRISE_SCHEMES
from features.deliveries.attempts import Sent, Stopwatch
from features.deliveries.senders.base import Parcel
from features.deliveries.senders.ntfy import shortened
from models.message import AttemptOutcome

NOT_INSTALLED = (
    "Apprise is not installed. Run `pip install -r requirements-apprise.txt` in the environment of the workers, and restart them."
)
LONGEST_TEXT = 3_500  # bytes; the shortest limit among the services is about 4,000


class AppriseSender:
    """Hands the text to Apprise: one URL, no files, no settings of its own."""

    def send(self, parcel: Parcel) -> Sent:
        """Make one attempt."""
        watch = Stopwatch.start(parcel.moment)
        scheme = parcel.channel.address.partition("://")[0].lower()
        if scheme not in APPRISE_SCHEMES:  # the list of a newer version may be shorter
            return Sent(watch.note(AttemptOutcome.UNANSWERED, error=f"{scheme}:// is not offered."), final=True)
        try:
            apprise = _library()
        except ImportError:
            return Sent(watch.note(AttemptOutcome.UNANSWERED, error=NOT_INSTALLED))
        notifier = apprise.Apprise(asset=apprise.AppriseAsset(plugin_paths=[], storage_path=None, async_mode=False))
        if not notifier.add(parcel.channel.address):
            return Sent(watch.note(AttemptOutcome.UNANSWERED, error="Apprise cannot read the channel's URL."), final=True)
        text = shortened(parcel.rendered.text, LONGEST_TEXT)
        if notifier.notify(title=parcel.rendered.title, body=text, body_format="text"):
            return Sent(watch.note(AttemptOutcome.DELIVERED))
        return Sent(watch.note(AttemptOutcome.REFUSED, error=f"Apprise could not send to {scheme}. Its reason is in the workers' log."))


def _library() -> Any:
    import apprise  # noqa: PLC0415 — an extra

    return apprise
