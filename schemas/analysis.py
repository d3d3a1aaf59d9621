"""Requests for analyses; defined in features/analyses/schemas."""

from features.analyses.schemas.analysis import AnalyzeRequest, BulkAnalyzeRequest

__all__ = ["AnalyzeRequest", "BulkAnalyzeRequest"]
