"""What other modules and features use of pipelines: the library, and what begins runs."""

from __future__ import annotations

from dataclasses import dataclass

from features.pipelines.library import Library
from features.pipelines.runs import Starter
from infrastructure.foundation import Foundation


@dataclass(frozen=True)
class Pipelines:
    """The pipelines of a process."""

    library: Library
    starter: Starter

    @classmethod
    def of(cls, foundation: Foundation) -> Pipelines:
        """Those of a foundation. Opens no connection."""
        library = Library.of(foundation)
        return cls(library, Starter(library, universes=lambda: foundation.universes))
