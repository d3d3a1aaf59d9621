"""The text of a file: its encoding, and what it is when it is no table."""

from __future__ import annotations

import codecs
import re

from features.prices.files.faults import Faults

UTF_8, UTF_16, WINDOWS_1252 = "utf-8", "utf-16", "windows-1252"
_SAMPLE = 1_000  # bytes that tell UTF-16 without a byte order mark
ARCHIVE = b"PK\x03\x04"  # how a ZIP archive begins, and so a workbook
EMPTY_ARCHIVE = b"PK\x05\x06"
_SIGNATURES = (
    (ARCHIVE, "a ZIP archive, or a workbook that is damaged. Send the table itself."),
    (EMPTY_ARCHIVE, "an empty ZIP archive. Send the table itself."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook of Excel 97 to 2003. Save it as .xlsx or CSV."),
    (b"%PDF-", "a PDF. Export the table as CSV instead."),
    (b"\x1f\x8b", "compressed with gzip. Unpack it first."),
    (b"BZh", "compressed with bzip2. Unpack it first."),
    (b"\xfd7zXZ", "compressed with xz. Unpack it first."),
    (b"PAR1", "a Parquet file. Export it as CSV."),
    (b"SQLite format 3\x00", "an SQLite database. Export the table as CSV."),
    (b"\x89PNG", "a picture. Export the table as CSV."),
    (b"\xff\xd8\xff", "a picture. Export the table as CSV."),
)
_HTML = re.compile(r"\s*<(!doctype\s+html|html|head|body|script)\b", re.IGNORECASE)
_XML = re.compile(r"\s*<\?xml\b", re.IGNORECASE)
_JSON = re.compile(r"\s*[{\[]")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def read_text(raw: bytes) -> tuple[str, str]:
    """The text of a file that is no price file, and the name of its encoding. Raises PriceQuality, as `decode`."""
    return decode(raw, Faults())


def decode(raw: bytes, faults: Faults) -> tuple[str, str]:
    """The text and the name of its encoding. Raises PriceQuality for a file that is no text, or no table."""
    if not raw.strip(b"\x00 \t\r\n"):
        faults.refuse(1, None, "the file is empty.")
    for signature, what in _SIGNATURES:
        if raw.startswith(signature):
            faults.refuse(1, None, f"the file is {what}")
    text, encoding = _decode(raw, faults)
    if _HTML.match(text):
        faults.refuse(1, None, "the file is an HTML page: the site sent a page instead of the file.")
    if _XML.match(text) or _JSON.match(text):
        faults.refuse(1, None, f"the file is {'XML' if text.lstrip().startswith('<') else 'JSON'}. Export the table as CSV.")
    control = _NOT_TEXT.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start()) + 1
        faults.refuse(line, None, f"the character U+{ord(control[0]):04X} is in no text file. Export the table again, as CSV.")
    return text, encoding


def _decode(raw: bytes, faults: Faults) -> tuple[str, str]:
    encoding = _utf_16_of(raw)
    if encoding is not None:
        try:
            return raw.decode(encoding).removeprefix("\ufeff"), UTF_16
        except UnicodeDecodeError:
            faults.refuse(1, None, "the file begins as UTF-16 and does not go on so. Save it as UTF-8.")
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode("utf-8"), UTF_8
    except UnicodeDecodeError as error:
        if raw.startswith(codecs.BOM_UTF8):
            faults.refuse(raw.count(b"\n", 0, error.start) + 1, None, "not UTF-8, as which the file begins. Save it as UTF-8.")
    try:
        return raw.decode("cp1252"), WINDOWS_1252
    except UnicodeDecodeError as error:
        faults.refuse(raw.count(b"\n", 0, error.start) + 1, None, "neither UTF-8 nor Windows-1252. Save the file as UTF-8.")


def _utf_16_of(raw: bytes) -> str | None:
    """The codec of UTF-16 with a byte order mark, or of Latin text in it without one, whose every other byte is 0."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = raw[:_SAMPLE]
    if len(sample) % 2:
        sample = sample[:-1]
    for codec, zeros, others in (("utf-16-le", sample[1::2], sample[::2]), ("utf-16-be", sample[::2], sample[1::2])):
        if zeros and not zeros.strip(b"\x00") and b"\x00" not in others:
            return codec
    return None
