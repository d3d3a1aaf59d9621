"""Takes the file out of an archive: the ECB packs its files one by one."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from models.price_errors import PriceProblem, PriceQuality

ARCHIVE = b"PK\x03\x04"
MOST_UNPACKED = 20_000_000  # bytes; the rates of all currencies since 1999 have 2 million


def unpacked(body: bytes) -> bytes:
    """A file as it is, or the only one of an archive. Raises PriceQuality."""
    if not body.startswith(ARCHIVE):
        return body
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                raise _refused(f"The archive has {len(members)} files. Pack one file of rates, or send it as it is.")
            if members[0].flag_bits & 1:
                raise _refused("The file in the archive is encrypted. Pack it without a password.")
            # What the archive says of its size need not be true.
            with archive.open(members[0]) as file:
                content = file.read(MOST_UNPACKED + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise _refused("The archive is damaged. Pack the file again.") from error
    if len(content) > MOST_UNPACKED:
        raise _refused(f"The file in the archive has more than {MOST_UNPACKED // 1_000_000} MB.")
    return content


def _refused(reason: str) -> PriceQuality:
    return PriceQuality([PriceProblem(1, None, reason)])
