"""What a checkup says: items that are ok, a warning or an error, each with its cure, and the exit code of all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lienthong.core.errors import ExitCode, exit_code

__all__ = ["Item", "Report", "State"]


class State(StrEnum):
    """How one item is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was looked at; `missing`: an error that only an installation or a file from elsewhere cures."""

    name: str
    state: State
    said: str
    cure: str = ""
    missing: bool = False

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "state": self.state.value, "said": self.said, "cure": self.cure}


@dataclass(frozen=True, slots=True)
class Report:
    """All items; the exit code is 0 without errors, 1 with one, 5 where something is missing."""

    items: tuple[Item, ...]

    @property
    def exit(self) -> ExitCode:
        wrong = [item for item in self.items if item.state is State.ERROR]
        return exit_code(*(ExitCode.MISSING if item.missing else ExitCode.FINDINGS for item in wrong))

    def number(self, state: State) -> int:
        return sum(item.state is state for item in self.items)

    def to_json(self) -> dict[str, Any]:
        numbers = {state.value: self.number(state) for state in State}
        return {**numbers, "items": [item.to_json() for item in self.items]}

    def text(self) -> str:
        """A line an item, and its cure under it."""
        lines = []
        for item in self.items:
            lines.append(f"{item.state.value:<8} {item.name}: {item.said}")
            if item.cure:
                lines.append(f"         cure: {item.cure}")
        numbers = ", ".join(f"{self.number(state)} {state.value}" for state in State)
        return "\n".join([*lines, f"{numbers}."])
