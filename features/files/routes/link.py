"""Links to stored files, which this service signs and serves where files are kept in a folder."""

from __future__ import annotations

from flask import Response

from api.attachment import attachment, stored_file_answer
from api.authentication import PUBLIC
from api.blueprint import ANYWHERE, ApiBlueprint, Tag
from api.heavy import heavy_read
from api.marks import public
from api.services import services
from features.files.schemas import LinkPath
from features.files.service import files_of

# Outside /api/v1, where everything needs a key.
PROBLEMS = tuple(code for code in ANYWHERE if code != "unauthorized")
blueprint = ApiBlueprint("stored_file", Tag("Files", "Files in the storage, by links that expire."), "/api", PROBLEMS)


@blueprint.get(
    "/files/<link>",
    responses=stored_file_answer(),
    problems=("not_found",),
    sends=("Content-Disposition",),
    openapi_extensions=PUBLIC,
)
@public
@heavy_read()
def get_linked_file(path: LinkPath) -> Response:
    """The file of a link, for whoever has it, until it expires or its file is removed. Saved, never shown."""
    files = files_of(services().foundation)
    file = files.find_linked(path.link)
    return attachment(files.read(file), file.name, file.content_type, file.bytes)
