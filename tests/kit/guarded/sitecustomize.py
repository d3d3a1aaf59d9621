"""Python imports this at its start, where this folder is on PYTHONPATH: every Python process of a test stays on this machine."""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

import loopback_only  # type: ignore[import-not-found]  # this folder is on the path

loopback_only.enforce_in_children()
# The module of this name that the process would have had.
own = PathFinder.find_spec("sitecustomize", [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent])
if own is not None and own.loader is not None:
    own.loader.exec_module(module_from_spec(own))
