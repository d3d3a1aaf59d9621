"""The pipelines feature: declared steps of capabilities, their runs, and what starts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.pipelines.flags import PIPELINES
from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask
from models.pipeline import PIPELINE, PIPELINE_ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from features.pipelines.kinds import PipelineItems, PipelineRuns
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.outbox import Subscriber

FILES_SECONDS = 10.0
MEND_SECONDS = 60.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.pipelines.routes import library, run, workflow

    return library.blueprint, run.blueprint, workflow.blueprint


def _kinds(foundation: Foundation) -> tuple[PipelineRuns | PipelineItems, ...]:
    from features.pipelines.kinds import PipelineItems, PipelineRuns

    return PipelineRuns(foundation), PipelineItems(foundation)


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.pipelines.capabilities import pipeline_capability, report_capability, select_capability
    from features.pipelines.service import Pipelines

    pipelines = foundation.part(Pipelines.of)
    library, starter = pipelines.library, pipelines.starter
    return pipeline_capability(library, starter), report_capability(library, starter), select_capability()


def _subscribers(foundation: Foundation) -> tuple[Subscriber, ...]:
    from features.pipelines.service import Pipelines
    from features.pipelines.subscribers import continuing, starting

    starter = foundation.part(Pipelines.of).starter
    return continuing(starter), starting(starter, foundation.flags)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.pipelines.retention import prune_runs
    from features.pipelines.runs import mend
    from features.pipelines.service import Pipelines

    database = foundation.database
    return (
        MaintenanceTask("keep_pipeline_files", FILES_SECONDS, lambda: foundation.part(Pipelines.of).library.keep_files(database)),
        MaintenanceTask("mend_pipeline_runs", MEND_SECONDS, lambda: mend(database, foundation.part(Pipelines.of).starter)),
        MaintenanceTask("prune_pipeline_runs", HOURLY, lambda: prune_runs(database)),
    )


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from features.pipelines.metrics import read_metrics

    return read_metrics(connection)


def _stop(connection: Connection, org_id: int) -> None:
    from features.pipelines.store import workflow as workflow_store

    workflow_store.stop_all(connection, org_id)


BELONGINGS = (
    Belonging("suggestion_decisions", ("org_id", "suggestion_id")),
    Belonging("workflows", hidden=("name_key",)),
    Belonging("pipeline_items", ("run_id", "position", "item"), through=("run_id", "pipeline_runs"), rows=50),
    Belonging("pipeline_steps", ("run_id", "position"), through=("run_id", "pipeline_runs"), rows=50),
    Belonging("pipeline_runs", rows=50),
    Belonging("pipelines", ("org_id", "id")),
    Belonging("pipeline_versions", ("org_id", "pipeline_id", "version")),
)

FEATURE = Feature(
    "pipelines",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(PIPELINE, PIPELINE_ITEMS),
    flags=(PIPELINES,),
    maintenance=_maintenance,
    metrics=_metrics,
    capabilities=_capabilities,
    subscribers=_subscribers,
    stopping=_stop,
    belongings=BELONGINGS,
)
