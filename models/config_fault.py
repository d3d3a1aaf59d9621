"""What is wrong with a configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the configuration: the variable, what is wrong, what to do."""

    variable: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.problem} {self.remedy}"


class ConfigError(Exception):
    """The configuration is refused; `faults` names everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("The configuration is refused:\n" + "\n".join(f"  - {fault}" for fault in faults))
