"""Pipelines as files and as rows: versions, going back, deleting, and a broken file beside a good one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from kit.jobs import another_organization
from kit.paths import ROOT
from kit.pipelines import Runner, pipeline, step

import database
from features.pipelines.definition import json_schema
from features.pipelines.files import PipelineFiles
from features.pipelines.library import Library
from infrastructure.foundation import Foundation
from models.pipeline_errors import PipelineInvalid

SCHEMA = ROOT / "data" / "pipelines" / "schema.json"


def write(folder: Path, definition: Any, name: str = "trial") -> None:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    path = folder / f"{name}.json"
    path.write_text(text)
    # A clock that stands still between two writes of a test would hide the second.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + len(text)))


def library(runner: Runner, folder: Path) -> Library:
    """A library of a process that has just started, and looks at the files each time."""
    foundation: Foundation = runner.app.services.foundation
    made = Library.of(foundation)
    files = PipelineFiles([folder], made.check, look_seconds=0.0)
    return Library(files, lambda: foundation.capabilities)


def entry(found: Library, pipeline_id: str = "trial") -> Any:
    with database.reader() as connection:
        return next(each for each in found.list_all(connection, 1) if each.id == pipeline_id)


def test_a_file_is_listed_and_run(runner: Runner, folder: Path) -> None:
    write(folder, pipeline(step("a", "echo", value="{{inputs.x}}"), inputs={"x": {"type": "whole_number", "default": 3}}))
    found = next(each for each in runner.client.get("/pipelines").json["items"] if each["id"] == "trial")
    assert (found["source"], found["version"], found["steps"], found["errors"]) == ("file", 1, 1, [])
    run = runner.finish(runner.begin())
    assert runner.answers(run["id"]) == {"a": 3}
    assert run["sha256"] == found["sha256"]
    assert runner.client.get("/pipelines/trial/versions").json["items"][0]["version"] == 1


def test_a_broken_file_leaves_the_last_good_version_in_place(runner: Runner, folder: Path) -> None:
    good = library(runner, folder)
    write(folder, pipeline(step("a", "echo", value=1)))
    write(folder, {**pipeline(step("b", "echo", value=1)), "id": "other"}, "other")
    assert good.keep_files(database.current()) == 2
    for broken, told in (
        ("{", "The file is not valid JSON"),
        ("[]", "The file holds no JSON object"),
        (pipeline(step("a", "nothing")), "There is no capability 'nothing'"),
        ({**pipeline(step("a", "echo")), "id": "else"}, "It must be that of the file's name, 'trial'."),
        ('{"id": "trial", "id": "trial"}', "may be given once"),
        (" " * 200_000, "more than 100,000 bytes"),
    ):
        write(folder, broken)
        for process in (good, library(runner, folder)):  # one that goes on, and one that has just started
            listed = entry(process)
            assert (listed.version, listed.name) == (1, "A trial")
            assert told in listed.errors[0].message
            assert entry(process, "other").errors == ()
            with database.reader() as connection:
                assert process.find(connection, 1, "trial").definition["steps"][0]["as"] == "a"
    write(folder, pipeline(step("c", "echo", value=2)))
    assert good.keep_files(database.current()) == 1
    assert (entry(good).version, entry(good).errors) == (2, ())
    assert library(runner, folder).keep_files(database.current()) == 0


def test_a_file_without_a_good_version_is_listed_with_its_error_and_cannot_be_run(runner: Runner, folder: Path) -> None:
    write(folder, "{")
    found = library(runner, folder)
    assert (entry(found).version, len(entry(found).errors)) == (None, 1)
    with database.reader() as connection, pytest.raises(PipelineInvalid, match="not valid JSON"):
        found.find(connection, 1, "trial")
    (folder / "trial.json").unlink()
    with database.reader() as connection:
        assert [each.id for each in found.list_all(connection, 1)] == []


def test_a_file_is_read_again_only_when_it_has_changed(folder: Path) -> None:
    checked: list[Any] = []
    clock = [0.0]
    files = PipelineFiles([folder], checked.append, 1.0, lambda: clock[0])
    write(folder, {"id": "trial"})
    assert list(files.all()) == ["trial"]
    write(folder, {"id": "trial", "n": 1})
    clock[0] = 0.5
    assert len(checked) == len(files.all())
    clock[0] = 1.0
    assert [files.all()["trial"].definition, len(checked)] == [{"id": "trial", "n": 1}, 2]
    clock[0] = 2.0
    assert (list(files.all()), len(checked)) == (["trial"], 2)


def test_versions_of_an_organization(runner: Runner) -> None:
    first = runner.put(pipeline(step("a", "echo", value=1)))
    assert (first["version"], first["created_by"], first["source"]) == (1, "master", "organization")
    assert runner.client("PUT", "/pipelines/trial", json=pipeline(step("a", "echo", value=1))).status_code == 200
    assert runner.put(pipeline(step("a", "echo", value=2)))["version"] == 2
    back = runner.client.post("/pipelines/trial/rollback", {"version": 1})
    assert (back.status_code, back.json["version"], back.json["note"]) == (200, 3, "As version 1 was.")
    assert back.json["sha256"] == first["sha256"]
    page = runner.client.get("/pipelines/trial/versions?limit=2").json
    assert [each["version"] for each in page["items"]] == [3, 2]
    assert [each["version"] for each in runner.client.get(f"/pipelines/trial/versions?cursor={page['next_cursor']}").json["items"]] == [1]
    old = runner.client.get("/pipelines/trial?version=2").json
    assert (old["version"], old["definition"]["steps"][0]["args"]) == (2, {"value": 2})
    for version in (9, 0):
        assert runner.client.post("/pipelines/trial/rollback", {"version": version}).status_code in (404, 422)
    assert runner.client.delete("/pipelines/trial").status_code == 204
    assert runner.client.delete("/pipelines/trial").status_code == 404
    assert runner.put(pipeline(step("a", "echo", value=4)))["version"] == 4


def test_an_organizations_pipeline_hides_the_file_until_it_is_deleted(runner: Runner, folder: Path) -> None:
    write(folder, pipeline(step("file", "echo", value=1)))
    assert runner.client.get("/pipelines/trial").json["source"] == "file"
    for path, method in (("/pipelines/trial", "DELETE"), ("/pipelines/trial/rollback", "POST")):
        answer = runner.client(method, path, json={"version": 1} if method == "POST" else None)
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    own = runner.put(pipeline(step("own", "echo", value=1)))
    assert (own["source"], own["hides_file"]) == ("organization", True)
    assert runner.client.get("/pipelines/trial", key=another_organization()).json["source"] == "file"
    assert runner.client.delete("/pipelines/trial").status_code == 204
    assert runner.client.get("/pipelines/trial").json["definition"]["steps"][0]["as"] == "file"


def test_the_id_of_the_address_counts(runner: Runner) -> None:
    answer = runner.client("PUT", "/pipelines/other", json=pipeline(step("a", "echo")))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "id")


def test_the_published_schema_is_the_models_and_refuses_what_it_refuses(runner: Runner) -> None:
    published = json.loads(SCHEMA.read_text())
    assert published == json.loads(json.dumps(json_schema()))
    validator = jsonschema_rs.Draft202012Validator(published)
    for path in sorted(SCHEMA.parent.glob("*.json")):
        if path != SCHEMA:
            validator.validate(json.loads(path.read_text()))
    for broken in (
        {},
        {"id": "trial"},
        pipeline(),
        pipeline(*[step(f"s{number}", "echo") for number in range(21)]),
        pipeline({"as": "a"}),
        pipeline({"as": "A b", "capability": "echo"}),
        pipeline({"as": "a", "capability": "echo", "args": []}),
        pipeline({"as": "a", "capability": "echo", "on_error": "retry"}),
        pipeline({"as": "a", "capability": "echo", "loop": 1}),
        pipeline(step("a", "echo"), inputs={"x": {"type": "float"}}),
        {**pipeline(step("a", "echo")), "id": "No Id"},
    ):
        assert not validator.is_valid(broken), broken
        assert runner.client.post("/pipelines/validate", broken).status_code == 422
