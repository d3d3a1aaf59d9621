"""Schemas of stored files."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas import Answer, Query
from models.stored_file import StoredFile

LONGEST_LINK = 86_400  # seconds


class LinkPath(BaseModel):
    """What a link ends with."""

    link: str = Field(max_length=500, description="The last part of a link.")


class LinkQuery(Query):
    """How long a link holds."""

    seconds: int = Field(3_600, ge=60, le=LONGEST_LINK, description="The seconds after which it expires.")


class FileLinkAnswer(Answer):
    """A link that gives a file to whoever has it."""

    url: str = Field(description="Complete where PUBLIC_URL is set or files are kept in a bucket; else a path of this service.")
    expires_at: datetime = Field(description="When it ends.")


class StoredFileAnswer(Answer):
    """A stored file."""

    id: str
    name: str = Field(description="Under which a browser saves it.")
    content_type: str = Field(description="The media type.")
    bytes: int
    sha256: str = Field(description="Of its content.")
    created_at: datetime
    created_by: str = Field(description="The id of the key or the person that sent it.")
    expires_at: datetime | None = Field(description="When it is removed by itself; null where its owner removes it.")


def file_answer(file: StoredFile) -> dict[str, object]:
    """The JSON object of a file. Its place in the storage is not told."""
    names = ("id", "name", "content_type", "bytes", "sha256", "created_at", "created_by", "expires_at")
    return {name: getattr(file, name) for name in names}
