"""What a check saw, put together for people: the faults by rule, the claims by what is at stake, the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lienthong.checking.look import Seen
from lienthong.core.errors import ExitCode
from lienthong.core.finding import Finding, Rule, Severity
from lienthong.sources import LeftOut

__all__ = ["Claim", "Group", "Report", "report"]

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFORMATION)


@dataclass(frozen=True, slots=True)
class Claim:
    """One record with findings: how many of each severity; `at_stake` is what the fund is to pay (đồng, T_BHTT)."""

    file: str
    record: str
    errors: int
    warnings: int
    to_know: int
    at_stake: Decimal | None


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one rule in one severity: their records, and what is at stake in these."""

    severity: Severity
    code: str
    message: str
    rule: Rule
    cure: str
    findings: tuple[Finding, ...]
    records: int
    at_stake: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """The faults of exports that were only looked at, in the language of the clerk."""

    files: int
    records: int
    findings: tuple[Finding, ...]
    claims: tuple[Claim, ...]
    groups: tuple[Group, ...]
    left_out: tuple[LeftOut, ...]
    language: str
    seconds: float

    @property
    def exit(self) -> ExitCode:
        faulty = any(finding.severity is Severity.ERROR for finding in self.findings)
        return ExitCode.FINDINGS if faulty else ExitCode.DONE

    @property
    def faulty(self) -> tuple[Claim, ...]:
        """The records with errors: they must be put right before they are sent."""
        return tuple(claim for claim in self.claims if claim.errors)

    @property
    def doubtful(self) -> tuple[Claim, ...]:
        """The records with warnings alone."""
        return tuple(claim for claim in self.claims if claim.warnings and not claim.errors)

    def to_json(self) -> dict[str, Any]:
        """The contract of `lienthong check --json` (DESIGN 5), and what is at stake."""
        return {
            "files": self.files,
            "records": self.records,
            "findings": [finding.to_json() for finding in self.findings],
            "claims": {
                "faulty": len(self.faulty),
                "doubtful": len(self.doubtful),
                "at_stake": sum_of(self.faulty),
            },
            "left_out": [{"file": item.name, "why": item.why} for item in self.left_out],
            "seconds": round(self.seconds, 3),
        }


def sum_of(claims: Sequence[Claim]) -> Decimal:
    """What is at stake in claims together, as far as it is known."""
    return sum((claim.at_stake for claim in claims if claim.at_stake is not None), Decimal(0))


def report(files: int, seen: Sequence[Seen], left_out: tuple[LeftOut, ...], language: str, seconds: float) -> Report:
    """The report of everything that was seen, in its order; what was found across claims comes last."""
    stakes = {(item.file, item.record): item.at_stake for item in seen if item.at_stake is not None}
    findings = tuple(finding for item in seen for finding in item.findings)
    records = sum(1 for item in seen if item.record and not item.is_across)
    return Report(
        files, records, findings, _claims(findings, stakes), _groups(findings, stakes), left_out, language, seconds
    )


_Stakes = dict[tuple[str, str], Decimal]


def _claims(findings: Sequence[Finding], stakes: _Stakes) -> tuple[Claim, ...]:
    """The records with findings: those with errors first, and of these those with most at stake."""
    counts: dict[tuple[str, str], dict[Severity, int]] = {}
    for finding in findings:
        of_record = counts.setdefault((finding.place.file, finding.place.record), dict.fromkeys(_ORDER, 0))
        of_record[finding.severity] += 1
    claims = [
        Claim(
            file,
            record,
            of_record[Severity.ERROR],
            of_record[Severity.WARNING],
            of_record[Severity.INFORMATION],
            stakes.get((file, record)),
        )
        for (file, record), of_record in counts.items()
    ]
    return tuple(sorted(claims, key=_urgency))


def _urgency(claim: Claim) -> tuple[object, ...]:
    rank = 0 if claim.errors else 1 if claim.warnings else 2
    return (rank, -(claim.at_stake or 0), claim.file, claim.record)


def _groups(findings: Sequence[Finding], stakes: _Stakes) -> tuple[Group, ...]:
    """The findings by rule and severity: the severest first, and of these the most."""
    found: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.severity, finding.code), []).append(finding)
    groups = []
    for (severity, code), items in found.items():
        records = {(item.place.file, item.place.record) for item in items}
        stake = sum((stakes.get(key, Decimal(0)) for key in records), Decimal(0))
        first = items[0]
        groups.append(Group(severity, code, first.message, first.rule, first.cure, tuple(items), len(records), stake))
    return tuple(sorted(groups, key=lambda group: (_ORDER.index(group.severity), -len(group.findings), group.code)))
