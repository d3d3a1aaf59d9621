"""Errors of channels and deliveries."""

from __future__ import annotations

from models.errors import BellwetherError, Conflict, NotFound


class ChannelNotFound(NotFound):
    """There is no such channel."""

    def __init__(self, channel: str | None = None) -> None:
        which = "with this id" if channel is None else f"{channel[:100]!r}"
        super().__init__(f"There is no channel {which}. It may have been deleted; see GET /api/v1/channels.")


class DeliveryNotFound(NotFound):
    """There is no delivery with this id. Deliveries are kept for 30 days; see GET /api/v1/deliveries."""


class ChannelExists(Conflict):
    """There is a channel of this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a channel called {name!r} already, in capitals or not. Choose another name.")


class TooManyChannels(Conflict):
    """There are as many channels as can be stored."""

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} channels, which is the most that is stored. Delete one first.")


class ChannelDisabled(Conflict):
    """The channel is switched off."""

    def __init__(self, name: str, reason: str | None) -> None:
        why = f": {reason.rstrip('.')}" if reason else ""
        super().__init__(f"The channel {name!r} is switched off{why}. Switch it on with PATCH /api/v1/channels/{{id}}.")


class DeliveryInProgress(Conflict):
    """The delivery is being sent right now. Look at it again in a moment."""


class NoSigningSecret(Conflict):
    """Only webhooks are signed; this channel has no secret that could be replaced."""


class ChannelAddressRefused(BellwetherError):
    """The channel's address cannot be used."""

    code = "validation_error"

    def __init__(self, message: str, field: str = "url") -> None:
        """`field` is the one that has the address."""
        self.field = field
        super().__init__(message)


class MessageTooLarge(BellwetherError):
    """The message is too large."""

    code = "validation_error"

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"The message has {size:,} bytes; at most {most:,} are sent. Tell less, and link to the rest.")
