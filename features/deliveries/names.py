"""Names of channels as they are compared, so that no two look alike."""

from unicodedata import normalize


def key_of(name: str) -> str:
    """The key of a name: without capitals, widths and doubled blanks."""
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())
