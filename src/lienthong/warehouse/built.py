"""What came of a build, in numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.core.errors import ExitCode

__all__ = ["NO_TABLE", "Balance", "Built", "CheckCounts"]

NO_TABLE = "no OMOP table for it yet"


@dataclass(frozen=True, slots=True)
class Balance:
    """What became of resources of one type: `rows` of a table, or the reason why they are left out (`rows` 0).

    Over all entries of a type that are not `beside`, `resources` adds up to what the record holds of it. `beside` are
    location and death, made of resources that have their main row elsewhere.
    """

    source: str
    table: str
    reason: str
    resources: int
    rows: int
    beside: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "table": self.table,
            "reason": self.reason,
            "resources": self.resources,
            "rows": self.rows,
            "beside": self.beside,
        }


@dataclass(frozen=True, slots=True)
class CheckCounts:
    """How many checks ran, and how many found a row that fails."""

    run: int
    failed: int

    def to_json(self) -> dict[str, int]:
        return {"run": self.run, "failed": self.failed}


@dataclass(frozen=True, slots=True)
class Built:
    """A finished build: its snapshot, the rows of each table by name (`omop.person`), its checks and its balance."""

    snapshot: str
    tables: Mapping[str, int]
    checks: CheckCounts
    balance: tuple[Balance, ...]
    seconds: float

    @property
    def exit(self) -> ExitCode:
        """How the command ends: a check that failed is a finding."""
        return ExitCode.FINDINGS if self.checks.failed else ExitCode.DONE

    @property
    def left_out(self) -> tuple[Balance, ...]:
        """The entries of the balance that are in no OMOP table, with their reasons."""
        return tuple(item for item in self.balance if item.reason)

    def to_json(self) -> dict[str, Any]:
        return {
            "snapshot": self.snapshot,
            "tables": dict(self.tables),
            "checks": self.checks.to_json(),
            "balance": [item.to_json() for item in self.balance],
            "seconds": round(self.seconds, 3),
        }
