"""Lets this environment see the packages of another one, beneath its own: `python -m tools.stacked_environment .venv`."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path


def main(below: str) -> None:
    """Write the path of the other environment's packages where this one looks for such."""
    (found,) = Path(below).resolve().glob("lib/python*/site-packages")
    (Path(sysconfig.get_path("purelib")) / "below.pth").write_text(f"{found}\n")


if __name__ == "__main__":
    main(sys.argv[1])
