"""Text for patterns of LIKE."""


def escaped(text: str) -> str:
    """The text with its wildcards escaped by a backslash, which the statement names as its ESCAPE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
