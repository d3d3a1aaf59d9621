"""What a problem is called, by its code: the heading that a person reads over the detail."""

_TITLES = {
    "ambiguous_dates": "The dates can be read in two ways",
    "bad_request": "The request cannot be read",
    "bases_differ": "The file does not fit the stored prices",
    "conflict": "This cannot be done as things stand",
    "evidence_not_found": "This evidence has not been computed",
    "feature_disabled": "This is switched off",
    "forbidden": "You may not do this",
    "headers_too_large": "The request's headers are too large",
    "idempotency_mismatch": "The Idempotency-Key belongs to another request",
    "inputs_invalid": "The inputs do not fit the pipeline",
    "insufficient_history": "There are too few prices",
    "internal_error": "Something went wrong on our side",
    "job_finished": "The job has ended already",
    "job_not_found": "There is no such job",
    "malformed_json": "The body cannot be read as JSON",
    "method_not_allowed": "This cannot be done at this address",
    "not_found": "There is nothing here",
    "not_implemented": "The server does not know this way of sending a body",
    "other_organization": "You act for another organization now",
    "payload_too_large": "The request is too large",
    "pipeline_invalid": "The pipeline has faults",
    "precondition_failed": "It has changed since you read it",
    "price_quality": "The file has faults",
    "prices_pending": "The prices are being fetched",
    "prices_unavailable": "The prices cannot be fetched",
    "rate_limited": "Too many requests",
    "request_timeout": "The request took too long to arrive",
    "stored_days_lost": "The file would delete stored days",
    "no_provider": "No provider of prices is configured",
    "ticker_not_found": "There are no prices for this ticker",
    "universe_not_found": "There is no such universe",
    "too_many_streams": "Too many streams are open",
    "totp_required": "A code is needed, too",
    "unauthorized": "A valid key or sign-in is needed",
    "unavailable": "The service cannot do this right now",
    "unsupported_media_type": "The body is of another type than is read here",
    "upgrade_required": "A WebSocket is needed here",
    "uri_too_long": "The address is too long",
    "validation_error": "The input does not fit",
}


def title_of(code: str) -> str:
    """The title of a problem. Every code has one."""
    return _TITLES[code]
