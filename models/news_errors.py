"""Errors about feeds: each says what happened and what to do."""

from __future__ import annotations

from models.errors import BellwetherError, Conflict, NotFound


class FeedNotFound(NotFound):
    """There is no such feed."""

    def __init__(self, feed_id: str) -> None:
        self.feed_id = feed_id
        super().__init__("There is no feed with this id. It may have been deleted; see GET /api/v1/feeds.")


class FeedExists(Conflict):
    """The feed is read already."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__("A feed of this address is read already. Change that one with PATCH /api/v1/feeds/{feed_id}.")


class TooManyFeeds(Conflict):
    """There are as many feeds as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} feeds, which is the most that is read. Delete one first.")


class FeedAddressRefused(BellwetherError):
    """The address of a feed can never be asked."""

    code = "validation_error"
