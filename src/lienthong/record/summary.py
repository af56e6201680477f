"""What came of a record and of a whole batch, in numbers that balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Counts", "FindingCounts", "Outcome", "Published", "Quarantined"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one record: how many resources it held and what each changed, or that it is quarantined."""

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Resources: `read` = `new` + `updated` + `unchanged`."""

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Whole files, and records."""

    files: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """Findings by severity."""

    error: int = 0
    warning: int = 0
    information: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """A published batch: `records` = `kept` + `quarantined.records`.

    `unresolved` counts the references of this batch whose target is not in the record, `resolved` those that were
    rewritten to `Type/id`, also in resources of earlier batches whose target has come now. `left_out` names the files
    that are no export, each with the reason.
    """

    batch: int
    files: int = 0
    records: int = 0
    kept: int = 0
    resources: Counts = field(default_factory=Counts)
    quarantined: Quarantined = field(default_factory=Quarantined)
    findings: FindingCounts = field(default_factory=FindingCounts)
    resolved: int = 0
    unresolved: int = 0
    left_out: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        counts, findings = self.resources, self.findings
        return {
            "batch": self.batch,
            "files": self.files,
            "records": self.records,
            "kept": self.kept,
            "resources": {
                "read": counts.read,
                "new": counts.new,
                "updated": counts.updated,
                "unchanged": counts.unchanged,
            },
            "quarantined": {"files": self.quarantined.files, "records": self.quarantined.records},
            "findings": {
                "error": findings.error,
                "warning": findings.warning,
                "information": findings.information,
            },
            "references": {"resolved": self.resolved, "unresolved": self.unresolved},
            "left_out": [{"file": name, "why": why} for name, why in self.left_out],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Published:
        return Published(
            value["batch"],
            value["files"],
            value["records"],
            value["kept"],
            Counts(**value["resources"]),
            Quarantined(**value["quarantined"]),
            FindingCounts(**value["findings"]),
            **value["references"],
            left_out=tuple((item["file"], item["why"]) for item in value.get("left_out", ())),
        )
