"""Errors of pipelines and their runs."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import BellwetherError, Conflict, NotFound
from models.pipeline import Mistake


class PipelineNotFound(NotFound):
    """There is no such pipeline."""

    def __init__(self, pipeline_id: str) -> None:
        super().__init__(f"There is no pipeline '{pipeline_id[:60]}'. See GET /api/v1/pipelines; PUT /api/v1/pipelines/{{id}} stores one.")


class VersionNotFound(NotFound):
    """There is no such version of the pipeline."""

    def __init__(self, pipeline_id: str, version: int) -> None:
        super().__init__(f"'{pipeline_id}' has no version {version}. See GET /api/v1/pipelines/{pipeline_id}/versions.")


class RunNotFound(NotFound):
    """There is no run with this id. Runs are kept for 30 days; see GET /api/v1/runs."""


class StepNotFound(NotFound):
    """There is no such step in the run."""

    def __init__(self, step: str, steps: Sequence[str]) -> None:
        super().__init__(f"The run has no step '{step[:40]}' so far. There are {', '.join(steps) or 'none'}.")


class RunEnded(Conflict):
    """The run has ended."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The run is {status} already; nothing of it can be cancelled.")


class FileStays(Conflict):
    """The pipeline is a file of the service, which an organization cannot change. PUT a pipeline of the same id to use yours instead."""


class TooManyPipelines(Conflict):
    """The organization has as many pipelines as can be stored."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} pipelines, which is the most that are stored. Delete one first.")


class Invalid(BellwetherError):
    """Something does not fit; `mistakes` say what and where."""

    def __init__(self, what: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        first = self.mistakes[0]
        more = f" ({len(self.mistakes) - 1} more in errors)" if len(self.mistakes) > 1 else ""
        super().__init__(f"{what}: {first.field + ': ' if first.field else ''}{first.message}{more}")

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The place and the sentence of each mistake."""
        return [(mistake.field, mistake.message) for mistake in self.mistakes]


class PipelineInvalid(Invalid):
    """The definition of a pipeline does not fit."""

    code = "pipeline_invalid"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("The pipeline does not fit", mistakes)


class InputsInvalid(Invalid):
    """The inputs of a run do not fit."""

    code = "inputs_invalid"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("The inputs do not fit", mistakes)
