"""Examines the claims of a file by the rules, without making FHIR: what must be put right before they are sent.

A hospital chooses which rules are looked at and how severe they are; the language is that of the clerk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from io import BufferedReader

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.sources.bhyt.check import check_row
from lienthong.sources.bhyt.icd10 import Icd10
from lienthong.sources.bhyt.layout import is_older
from lienthong.sources.bhyt.rules import BY_ID, RULES, Case, ClaimRule, Family, Trace, across, trace
from lienthong.sources.bhyt.source import SOURCE
from lienthong.sources.bhyt.visit import Visit
from lienthong.sources.converted import Converted

__all__ = ["Choice", "Examined", "choose", "examine", "examine_visit", "together", "worded"]

UNKNOWN_RULE = ErrorKind(
    "rule-unknown",
    Category.INCORRECT,
    what="There is no rule '{given}'{near}.",
    allowed="{allowed}",
    cure="Correct [check] in lienthong.toml; docs/rules.md tells every rule.",
)
_SHORT_OF_ROWS = "bhyt-totals-incomplete"
_UNREAD = frozenset({"bhyt-table-unknown", "bhyt-table-broken"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules are looked at (`off`: not these), which only warn, the language, and the hospital's ICD-10."""

    language: str = "vi"
    off: frozenset[str] = frozenset()
    warn: frozenset[str] = frozenset()
    icd10: Icd10 | None = None

    def severity(self, rule: ClaimRule) -> Severity:
        """How severe a rule is here: one that only warns is never an error."""
        return Severity.WARNING if rule.id in self.warn and rule.severity is Severity.ERROR else rule.severity


@dataclass(frozen=True, slots=True)
class Examined(Converted):
    """A claim that was looked at: its findings, what the fund is to pay for it (đồng), and its trace."""

    at_stake: Decimal | None = None
    trace: Trace | None = None


def choose(off: Iterable[str], warn: Iterable[str], *, language: str = "vi", icd10: Icd10 | None = None) -> Choice:
    """The choice of a hospital; a `rule-unknown` error names the rules that there are."""
    names = frozenset(off), frozenset(warn)
    for name in sorted(names[0] | names[1]):
        if name not in BY_ID:
            near = get_close_matches(name, BY_ID, 1)
            said = f"; perhaps {near[0]} is meant" if near else ""
            raise UNKNOWN_RULE.at(
                "lienthong.toml: check", given=name[:80], near=said, allowed=", ".join(sorted(BY_ID))
            )
    return Choice(language, *names, icd10)


def examine(
    stream: BufferedReader, choice: Choice, *, name: str, sha256: str, settings: Settings, source: str | None
) -> Iterator[Converted]:
    """The claims of one file, each with its findings; one that can't be read is rejected, as at ingest."""
    for visit in SOURCE.visits(stream, name=name, sha256=sha256, settings=settings, source=source):
        if isinstance(visit, Converted):
            rejected = worded([visit.rejected] if visit.rejected else [], choice)
            findings = (*worded(visit.findings, choice), *rejected[1:])
            yield replace(visit, findings=findings, rejected=rejected[0] if rejected else None)
        else:
            yield examine_visit(visit, choice, sha256)


def together(traces: Iterable[Trace], choice: Choice) -> Iterator[Finding]:
    """What is only seen across claims: visits of one person that can't both be, a claim in two files."""
    for rule, item, field in across(traces):
        if rule.id not in choice.off:
            yield _finding(rule, choice, Place(file=item.file, record=item.record, table="XML1", field=field))


def examine_visit(visit: Visit, choice: Choice, sha256: str = "") -> Examined:
    """One visit by the rules that hold on its day; what the reader found stays, in the clerk's words."""
    is_claim = visit.summary.table == "XML1"  # a check-in or an assessment may stand alone
    for rows in ([visit.summary] if is_claim else [], *visit.lines.values()):
        for row in rows:
            check_row(visit, row)
    seen = {finding.code for finding in visit.findings}
    case = Case(
        visit.summary,
        visit.lines,
        visit.on,
        is_whole=_SHORT_OF_ROWS not in seen,
        has_unread=not _UNREAD.isdisjoint(seen),
        icd10=choice.icd10,
    )
    for rule in _looking(case.on, choice.off, is_older=is_older("XML1", visit.summary.texts)) if is_claim else ():
        assert rule.look is not None
        for spot in rule.look(case):
            visit.note(
                choice.severity(rule),
                rule.id,
                rule.title.said(choice.language),
                spot.row,
                spot.field,
                rule.cited(choice.language),
                rule.cure.said(choice.language),
            )
    visit.note_the_rest()
    return Examined(
        Origin(visit.source, visit.file, sha256, visit.key),
        findings=tuple(worded(visit.findings, choice)),
        at_stake=visit.summary.amount("T_BHTT"),
        trace=trace(case, visit.file, visit.facility) if is_claim else None,
    )


_OF_OLDER = (Family.TIMES, Family.IDENTITY)
"""The families that hold for claims in the tables of 4210/2017 too: their sums and papers were others."""


@lru_cache(maxsize=512)
def _looking(on: date | None, off: frozenset[str], *, is_older: bool) -> tuple[ClaimRule, ...]:
    return tuple(
        rule
        for rule in RULES
        if rule.look is not None
        and rule.id not in off
        and rule.holds(on)
        and (not is_older or rule.family in _OF_OLDER)
    )


def worded(findings: Iterable[Finding], choice: Choice) -> list[Finding]:
    """The findings of the reader in the clerk's language and by the hospital's choice."""
    return [_reworded(item, choice) for item in findings if item.code not in choice.off]


def _reworded(finding: Finding, choice: Choice) -> Finding:
    rule = BY_ID.get(finding.code)
    if rule is None or finding.rule == rule.cited(choice.language):  # a rule's own finding is worded already
        return finding
    return _finding(rule, choice, finding.place)


def _finding(rule: ClaimRule, choice: Choice, place: Place) -> Finding:
    said, cure = rule.title.said(choice.language), rule.cure.said(choice.language)
    return Finding(choice.severity(rule), rule.id, said, place, rule.cited(choice.language), cure)
