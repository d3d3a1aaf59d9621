"""What the fields of imported results mean."""

_FIELDS = {
    "analysed_at": "When the earlier tool made it.",
    "entry": "The price at which the earlier tool's plan enters; null where it told none.",
    "imported_at": "When it was imported.",
    "is_whole": "Whether everything that its row held could be read.",
    "name": "The company's name; null where the earlier tool told none.",
    "score": "The earlier tool's score, from -1 (sell) to 1 (buy); null where it told none.",
    "stop_loss": "The price at which its plan gives up; null where it told none.",
    "strategy": "The strategy that has the place of the earlier tool's; null where none has, or it told none.",
    "signal": "What the verdict says to do.",
    "target": "The price at which its plan takes its gain; null where it told none.",
    "verdict": "What the earlier tool said, in our words.",
}
_SCHEMAS = ("ImportedResult", "ImportedResultWithDetails")
IMPORTED_FIELDS = {
    **{f"{schema}.{field}": told for schema in _SCHEMAS for field, told in _FIELDS.items()},
    "ImportedResultWithDetails.details": "What the earlier tool kept beside it, by the name of its column.",
}
