"""Lists and clears the cache."""

from __future__ import annotations

from flask import Response

from api.authentication import actor_id
from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.services import services
from features.operations.schemas.cache import CacheAnswer, CacheClearedAnswer, CachePrefixQuery, CacheQuery
from utils.api_utils import json_response

blueprint = api_blueprint("cache", ADMINISTRATION)


@blueprint.get("/admin/cache", responses={200: CacheAnswer}, problems=("forbidden",))
@operators
def list_cache(query: CacheQuery) -> Response:
    """The entries of the cache, by key: those in Redis, and those in the memory of the process that answers."""
    cache = services().cache
    return json_response({"stores": cache.status(), "items": cache.entries(query.prefix, query.limit)})


@blueprint.delete("/admin/cache", responses={200: CacheClearedAnswer}, problems=("forbidden",))
@operators
def clear_cache(query: CachePrefixQuery) -> Response:
    """Drop the entries whose keys begin with `prefix`, or all. The other processes follow within two seconds."""
    return json_response({"cleared": services().cache.clear(query.prefix, cleared_by=actor_id())})
