"""`make passwords`: data/common_passwords.bin, the passwords that are tried first, as digests, from the list of zxcvbn.

Only those that are long enough to be taken otherwise: the shorter ones are refused for their length.
"""

from __future__ import annotations

from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from features.accounts.common_passwords import DIGEST_BYTES, digest
from models.user import SHORTEST_PASSWORD

FILE = Path(__file__).parent.parent / "data" / "common_passwords.bin"
FIRST_OF_ALL = 3_000  # of the whole list, whatever their length, so that the file can be checked against it
MOST = 10_000


def main() -> None:
    """Write the file: digests of equal length, sorted, so that one is found by bisection."""
    ranked = list(FREQUENCY_LISTS["passwords"])
    long_enough = [password for password in ranked if len(password) >= SHORTEST_PASSWORD][:MOST]
    digests = {digest(password) for password in (*ranked[:FIRST_OF_ALL], *long_enough)}
    FILE.write_bytes(b"".join(sorted(digests)))
    print(f"{FILE.name}: {len(digests):,} digests of {DIGEST_BYTES} bytes")


if __name__ == "__main__":
    main()
