"""The section of the OpenAPI document for messages."""

from api.blueprint import Tag

MESSAGES = Tag("Messages", "Channels that messages go through, and each delivery with its attempts.")
