"""Schemas of the evidence of universes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from api.schemas import CSV, Answer, Query, RootAnswer, SomeTickers, UniverseName, whole
from features.evidence.calibrations import Wanted
from features.evidence.schemas.evidence import CostBp
from features.strategies.schemas import PinnedStrategy, StrategyId
from features.strategies.service import Finder
from jobs.schemas import JobAnswer
from models.evidence import COST_BP, HORIZONS, LONGEST_HORIZON, MOST_HORIZONS, UniverseEvidence, UniverseOrder


def _all_different(horizons: list[int]) -> list[int]:
    if len(set(horizons)) != len(horizons):
        raise ValueError("each horizon may be named once")
    return horizons


_Bounded = Annotated[int, Field(ge=1, le=LONGEST_HORIZON)]
Horizon = Annotated[_Bounded, BeforeValidator(whole, json_schema_input_type=_Bounded)]
Horizons = Annotated[
    list[Horizon],
    Field(min_length=1, max_length=MOST_HORIZONS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_all_different),
]


class UniverseEvidenceRequest(SomeTickers):
    """The tickers to count, a list or a universe, and how."""

    strategy: StrategyId = Field("balanced", description="See GET /strategies.")
    horizons: Horizons | None = Field(
        None, description=f"Trading days from the entry to the exit. Default: {', '.join(map(str, HORIZONS))}."
    )
    cost_bp: CostBp = Field(COST_BP, description="What a round trip costs, in basis points.")
    force: bool = Field(False, description="Queue a job even if one that does the same is active.")

    def order(self, find: Finder) -> UniverseOrder:
        """The request as an order. Raises as `find`."""
        horizons = HORIZONS if self.horizons is None else tuple(sorted(self.horizons))
        return UniverseOrder(self.named(), find(self.strategy), self.universe, horizons, self.cost_bp, self.force)


class EvidenceJobParams(Answer):
    """The parameters of the request."""

    evidence_id: str = Field(description="The `id` of the evidence that the job makes.")
    universe: UniverseName | None = Field(description="Where the tickers were taken from; null when they were named.")
    strategy: StrategyId
    own_strategy: PinnedStrategy | None = Field(None, description="The strategy as it was at the submission, where it is one of your own.")
    horizons: list[int]
    cost_bp: float


class EvidenceJobAnswer(JobAnswer):
    """A job that counts the tickers of a universe."""

    kind: Literal["evidence"]
    params: EvidenceJobParams  # type: ignore[assignment]


class ActiveEvidenceJobAnswer(EvidenceJobAnswer):
    """An active job that does the same as the request."""

    deduplicated: Literal[True]


class UniverseEvidenceQuery(Query):
    """Whose evidence: the newest of a strategy over a universe, or that of a job."""

    strategy: StrategyId = Field("balanced", description="See GET /strategies.")
    universe: UniverseName = Field("all", description="The universe that was counted.")
    job_id: str | None = Field(None, description="The job that counted, in place of strategy and universe: also one of named tickers.")

    def wanted(self, find: Finder) -> Wanted:
        """The query as the service takes it. Raises as `find`."""
        return Wanted(find(self.strategy), self.universe, self.job_id)


@dataclass(frozen=True)
class ToldUniverseEvidence(UniverseEvidence):
    """The evidence of a universe, and the job that counts it anew; null where none does."""

    job: JobAnswer | None


class UniverseEvidenceAnswer(RootAnswer[ToldUniverseEvidence]):
    """The record of a strategy's scores and verdicts over a universe."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]
