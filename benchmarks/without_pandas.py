"""Run a module as in production, where pandas is not installed: `python -m benchmarks.without_pandas MODULE [ARGUMENT …]`.

TA-Lib imports pandas where it finds it and then looks at every call for pandas arguments. Both cost time and memory that the service
does not pay, but the environment of the benchmarks has pandas for the peers.
"""

from __future__ import annotations

import runpy
import sys

if __name__ == "__main__":
    del sys.argv[0]
    sys.modules["pandas"] = None  # type: ignore[assignment]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
