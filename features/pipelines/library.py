"""The pipelines that an organization can run: its own, and those of files, which its own hide where they have the same id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.pipelines.definition import Definition
from features.pipelines.files import BUNDLED, PipelineFile, PipelineFiles, digest
from features.pipelines.store import pipeline as pipeline_store
from features.pipelines.validation import validate
from infrastructure.audit import note
from infrastructure.capability import Capabilities
from infrastructure.foundation import Foundation
from models.api_key import SHARED_ORG
from models.pipeline import Listed, Mistake, Source, Version
from models.pipeline_errors import FileStays, PipelineInvalid, PipelineNotFound, TooManyPipelines, VersionNotFound
from utils.clock import now
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

MOST_PIPELINES = 200  # of an organization
VERSIONS_KEPT = 100  # of a pipeline
NEVER = 2**62


@dataclass(frozen=True)
class Found:
    """A pipeline that can be run; `errors` are those of a newer file that is not used, and `hides_file` tells of an organization's own."""

    version: Version
    definition: Mapping[str, Any]
    source: Source
    hides_file: bool = False
    errors: Sequence[Mistake] = ()


@dataclass(frozen=True)
class Stored:
    """What PUT has stored, and whether it changed anything."""

    found: Found
    is_new: bool


class Library:
    """The pipelines of all organizations, with the files as this process sees them. Thread-safe."""

    def __init__(self, files: PipelineFiles, capabilities: Callable[[], Capabilities]) -> None:
        """`capabilities` has what steps can use, known once all features are."""
        self._files, self._capabilities = files, capabilities

    @classmethod
    def of(cls, foundation: Foundation) -> Library:
        """The library with the bundled files and those of PIPELINES_DIR."""
        own = foundation.settings.pipelines_dir
        folders = [BUNDLED, *([own] if own else [])]
        return cls(PipelineFiles(folders, lambda raw: validate(raw, foundation.capabilities)), lambda: foundation.capabilities)

    @property
    def capabilities(self) -> Capabilities:
        """What steps can use."""
        return self._capabilities()

    def check(self, raw: Any) -> Definition:
        """The definition in parsed JSON. Raises PipelineInvalid."""
        return validate(raw, self.capabilities)

    def keep_files(self, database: Database) -> int:
        """Store the good files that are no versions yet, so that they outlive bad ones; return how many. Costs a read."""
        files = [file for file in self._files.all().values() if file.definition is not None]
        with database.reader() as connection:
            new = [file for file in files if pipeline_store.find_by_digest(connection, SHARED_ORG, file.pipeline_id, file.sha256) is None]
        if new:
            with database.transaction() as connection:
                for file in new:
                    _version_of_file(connection, file)
        return len(new)

    def list_all(self, connection: AnyReader, org_id: int) -> list[Listed]:
        """The pipelines of an organization by id, and files that cannot be used with what is wrong with them."""
        files, own = self._files.all(), {version.pipeline_id: version for version in pipeline_store.list_current(connection, org_id)}
        listed = []
        for pipeline_id in sorted(files.keys() | own.keys()):
            if pipeline_id in own:
                file = files.get(pipeline_id)
                errors = file.mistakes if file else ()
                listed.append(_listed(Found(own[pipeline_id], _parsed(own[pipeline_id]), Source.ORGANIZATION, file is not None, errors)))
                continue
            found = self._of_file(connection, files[pipeline_id])
            listed.append(_broken(files[pipeline_id]) if found is None else _listed(found))
        return listed

    def find(self, connection: AnyReader, org_id: int, pipeline_id: str) -> Found:
        """A pipeline that can be run. Raises PipelineNotFound, or PipelineInvalid for a file without a good version."""
        own = pipeline_store.find_current(connection, org_id, pipeline_id)
        file = self._files.all().get(pipeline_id)
        if own is not None:
            return Found(own, _parsed(own), Source.ORGANIZATION, file is not None, file.mistakes if file else ())
        if file is None:
            raise PipelineNotFound(pipeline_id)
        found = self._of_file(connection, file)
        if found is None:
            raise PipelineInvalid(file.mistakes)
        return found

    def find_version(self, connection: AnyReader, org_id: int, pipeline_id: str, number: int) -> tuple[Found, Version]:
        """An older version, as it would be used. Raises PipelineNotFound or VersionNotFound."""
        own = pipeline_store.find_current(connection, org_id, pipeline_id)
        if own is None and pipeline_id not in self._files.all():
            raise PipelineNotFound(pipeline_id)
        owner, source = (SHARED_ORG, Source.FILE) if own is None else (org_id, Source.ORGANIZATION)
        version = pipeline_store.find_version(connection, owner, pipeline_id, number)
        if version is None:
            raise VersionNotFound(pipeline_id, number)
        return Found(version, _parsed(version), source, own is not None and pipeline_id in self._files.all()), version

    def find_to_run(self, connection: Connection, org_id: int, pipeline_id: str) -> Found:
        """The same within a transaction, in which the version of a file is stored if it is new. Raises likewise."""
        found = self.find(connection, org_id, pipeline_id)
        if found.version.definition:
            return found
        return replace(found, version=_version_of_file(connection, self._files.all()[pipeline_id]))

    def put(self, connection: Connection, org_id: int, raw: Mapping[str, Any], actor_id: str) -> Stored:
        """Store a definition as the present version of an organization's pipeline. Raises PipelineInvalid or TooManyPipelines."""
        definition = self.check(raw)
        pipeline_store.lock_pipelines(connection, org_id)
        current = pipeline_store.find_current(connection, org_id, definition.id)
        if current is None and pipeline_store.count(connection, org_id) >= MOST_PIPELINES:
            raise TooManyPipelines(MOST_PIPELINES)
        sha256 = digest(raw)
        is_new = current is None or current.sha256 != sha256
        if is_new:
            _add(connection, org_id, Version(definition.id, 0, sha256, dump(raw).decode(), now(), actor_id, None))
        found = self.find(connection, org_id, definition.id)
        note(connection, before=_told(current), after=_told(found.version))
        return Stored(found, is_new)

    def roll_back(self, connection: Connection, org_id: int, pipeline_id: str, version: int, actor_id: str) -> Found:
        """Make what an older version had the present one, under a new number.

        Raises PipelineNotFound, FileStays, VersionNotFound, or PipelineInvalid where that version does not fit any more.
        """
        pipeline_store.lock_pipelines(connection, org_id)
        current = self.find_own(connection, org_id, pipeline_id)
        old = pipeline_store.find_version(connection, org_id, pipeline_id, version)
        if old is None:
            raise VersionNotFound(pipeline_id, version)
        self.check(_parsed(old))
        _add(connection, org_id, replace(old, created_at=now(), created_by=actor_id, note=f"As version {version} was."))
        found = self.find(connection, org_id, pipeline_id)
        note(connection, before=_told(current), after=_told(found.version))
        return found

    def delete(self, connection: Connection, org_id: int, pipeline_id: str) -> None:
        """Delete an organization's pipeline; a file that it hid is used again. Raises PipelineNotFound or FileStays."""
        note(connection, before=_told(self.find_own(connection, org_id, pipeline_id)))
        pipeline_store.delete(connection, org_id, pipeline_id)

    def find_own(self, connection: AnyReader, org_id: int, pipeline_id: str) -> Version:
        """The present version of an organization's own pipeline. Raises PipelineNotFound, or FileStays for one that only a file has."""
        own = pipeline_store.find_current(connection, org_id, pipeline_id)
        if own is not None:
            return own
        if pipeline_id in self._files.all():
            raise FileStays
        raise PipelineNotFound(pipeline_id)

    def versions(self, connection: AnyReader, org_id: int, pipeline_id: str, before: int | None, limit: int) -> list[Version]:
        """Versions, newest first: of the organization's pipeline, else those of the file. Raises PipelineNotFound."""
        found = pipeline_store.find_current(connection, org_id, pipeline_id)
        if found is None and pipeline_id not in self._files.all():
            raise PipelineNotFound(pipeline_id)
        owner = SHARED_ORG if found is None else org_id
        return pipeline_store.list_versions(connection, owner, pipeline_id, before or NEVER, limit)

    def _of_file(self, connection: AnyReader, file: PipelineFile) -> Found | None:
        """A file as it can be used: itself, else its last good version. The version of a file that is not stored yet has no definition."""
        if file.definition is not None:
            version = pipeline_store.find_by_digest(connection, SHARED_ORG, file.pipeline_id, file.sha256)
            if version is None:
                number = _last(connection, SHARED_ORG, file.pipeline_id) + 1
                version = Version(file.pipeline_id, number, file.sha256, "", now(), None, None)
            return Found(version, file.definition, Source.FILE)
        for good in pipeline_store.list_versions(connection, SHARED_ORG, file.pipeline_id, NEVER, 1):
            return Found(good, _parsed(good), Source.FILE, errors=file.mistakes)
        return None


def _version_of_file(connection: Connection, file: PipelineFile) -> Version:
    """The version of a good file, stored if it is new."""
    assert file.definition is not None
    pipeline_store.lock_pipelines(connection, SHARED_ORG)
    stored = pipeline_store.find_by_digest(connection, SHARED_ORG, file.pipeline_id, file.sha256)
    if stored is not None:
        return stored
    number = _last(connection, SHARED_ORG, file.pipeline_id) + 1
    new = Version(file.pipeline_id, number, file.sha256, dump(file.definition).decode(), now(), None, None)
    pipeline_store.insert_version(connection, SHARED_ORG, new)
    log.info("a pipeline's file has a new version", pipeline=file.pipeline_id, version=new.version)
    return new


def _add(connection: Connection, org_id: int, version: Version) -> None:
    """Add a version behind the others as the present one, and forget those beyond VERSIONS_KEPT."""
    number = _last(connection, org_id, version.pipeline_id) + 1
    pipeline_store.insert_version(connection, org_id, replace(version, version=number))
    pipeline_store.point_to(connection, org_id, version.pipeline_id, number)
    pipeline_store.delete_versions_up_to(connection, org_id, version.pipeline_id, number - VERSIONS_KEPT)


def _last(connection: AnyReader, org_id: int, pipeline_id: str) -> int:
    return max((version.version for version in pipeline_store.list_versions(connection, org_id, pipeline_id, NEVER, 1)), default=0)


def _parsed(version: Version) -> Mapping[str, Any]:
    definition: Mapping[str, Any] = parse_tolerant(version.definition)
    return definition


def _told(version: Version | None) -> dict[str, Any] | None:
    """A version as the audit log tells of it."""
    return None if version is None else {"version": version.version, **_parsed(version)}


def _listed(found: Found) -> Listed:
    definition, version = found.definition, found.version
    return Listed(
        id=version.pipeline_id,
        name=definition["name"],
        description=definition.get("description", ""),
        source=found.source,
        version=version.version,
        sha256=version.sha256,
        inputs=definition.get("inputs", {}),
        steps=len(definition["steps"]),
        hides_file=found.hides_file,
        updated_at=version.created_at,
        errors=found.errors,
    )


def _broken(file: PipelineFile) -> Listed:
    return Listed(file.pipeline_id, file.pipeline_id, "", Source.FILE, None, None, {}, 0, False, None, file.mistakes)
