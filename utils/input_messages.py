"""What is said of input that does not fit: sentences that say what to do, in place of Pydantic's, which speak of its types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NO_SUCH_FIELD = "There is no such field."
_WHOLE, _NUMBER, _TEXT, _EITHER = "A whole number is needed.", "A number is needed.", "A text is needed.", "Send true or false."
_MESSAGES = {
    "missing": "This field is needed.",
    "string_pattern_mismatch": "The text has a character that is not allowed here, or not the form that /docs gives.",
    "greater_than": "It must be above {gt}.",
    "greater_than_equal": "It must be at least {ge}.",
    "less_than": "It must be below {lt}.",
    "less_than_equal": "It must be at most {le}.",
    "finite_number": "A number that is finite is needed.",
    "too_short": "At least {min_length} must be given.",
    "too_long": "At most {max_length} may be given.",
    "string_too_short": "The text is too short: {min_length} or more characters are needed.",
    "string_too_long": "The text is too long: it may have up to {max_length} characters.",
    "literal_error": "It must be {expected}.",
    "enum": "It must be {expected}.",
    "list_type": "A list is needed.",
    "model_type": "An object is needed.",
    "model_attributes_type": "An object is needed.",
    "dict_type": "An object is needed.",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _EITHER),
    **dict.fromkeys(("string_type", "string_unicode"), _TEXT),
}
_ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")  # as Pydantic names the member of an enumeration


def message_of(entry: Mapping[str, Any], no_such_field: str = NO_SUCH_FIELD) -> str:
    """The sentence for an error of Pydantic. `no_such_field` is said of a field that is unknown."""
    if entry["type"] == "extra_forbidden":
        return no_such_field
    if entry["type"] not in _MESSAGES:
        return _ENUM_MEMBER.sub(r"\1", entry["msg"].removeprefix("Value error, "))
    limits = {name: f"{value:,.15g}" if isinstance(value, float) else value for name, value in entry.get("ctx", {}).items()}
    return _ENUM_MEMBER.sub(r"\1", _MESSAGES[entry["type"]].format_map(limits))
