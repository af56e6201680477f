"""Links the Patients that a batch touched to persons, inside the batch, so that links are published with it.

Only what the batch touched is looked at, and what shares a key with it now or did before; found by index. The groups
are a function of what the record holds (`partition`), whatever the order in which it came. A person's id comes from
its first Patient and is kept: of two persons that turn out to be one the older keeps its id, the other is merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lienthong.core import canonical
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.ids import person_id
from lienthong.core.settings import Settings
from lienthong.identity.partition import partition
from lienthong.identity.profile import Profile, profile
from lienthong.privacy.access import Grant
from lienthong.record import Batch, LinkPatient, LinkTables, Record

__all__ = ["CONFLICT", "Linked", "link"]

CONFLICT = "identity-conflict"
_RULE = Rule(CONFLICT, "Records of one person do not contradict each other", "DESIGN 3.3")
FIRST = "first"


@dataclass(frozen=True, slots=True)
class Linked:
    """`persons` new persons, `joined` Patients that a rule newly put to an earlier one; `findings` stand in the
    batch already."""

    persons: int
    joined: int
    findings: tuple[Finding, ...]


def link(record: Record, grant: Grant, settings: Settings, batch: Batch) -> Linked:
    """Applies the exact rules to the Patients of an open batch and writes who is who into it.

    Rules: the same national id and nothing that contradicts; the same insurance card (or social-insurance number)
    with the same full birth date and sex. Names decide nothing.
    """
    with record.linking(grant, batch) as tables:
        linked = _Linkage(tables, settings).run()
    batch.note(linked.findings)
    return linked


class _Linkage:
    def __init__(self, tables: LinkTables, settings: Settings) -> None:
        self._tables = tables
        self._systems = settings.systems
        self._next_person = tables.next_person()
        self._persons: list[tuple[int, str]] = []
        self._members: list[tuple[int, int, str]] = []
        self._merges: list[tuple[int, int | None]] = []
        self._created = 0
        self._joined = 0
        self._findings: list[Finding] = []

    def run(self) -> Linked:
        # All keys stand before the first look, so that Patients of one batch find each other.
        for patients in self._tables.touched():
            self._tables.put_keys(
                (patient.seq, patient.version, n, key)
                for patient in patients
                for n, key in enumerate(self._profile(patient).shared_keys())
            )
        done: set[int] = set()
        for patients in self._tables.touched():
            for patient in patients:
                for start in self._starts(patient):
                    if start not in done:
                        region = self._region(start)
                        done.update(region)
                        self._settle(region)
                        self._look_for_conflicts(region)
            self._write()
        return Linked(self._created, self._joined, tuple(self._findings))

    def _profile(self, patient: LinkPatient) -> Profile:
        return profile(canonical.parse(patient.body), self._systems)

    def _starts(self, patient: LinkPatient) -> Iterable[int]:
        """The Patient, and those it may have held together, or kept apart, by what it said before."""
        starts = {patient.seq}
        if not patient.is_new:
            for key in self._tables.old_keys(patient.seq):
                starts.update(self._tables.sharing(key))
        return sorted(starts)

    def _region(self, start: int) -> dict[int, tuple[LinkPatient, Profile]]:
        """All Patients reachable from one over shared keys: nothing outside can change their groups."""
        region: dict[int, tuple[LinkPatient, Profile]] = {}
        border, asked = [start], set()
        while border:
            seq = border.pop()
            if seq in region:
                continue
            patient = self._tables.patient(seq)
            found = self._profile(patient)
            region[seq] = (patient, found)
            for key in found.shared_keys():
                if key not in asked:
                    asked.add(key)
                    border.extend(other for other in self._tables.sharing(key) if other not in region)
        return region

    def _settle(self, region: dict[int, tuple[LinkPatient, Profile]]) -> None:
        for group in partition({seq: found for seq, (_, found) in region.items()}):
            self._settle_group([(seq, *region[seq]) for seq in group])

    def _settle_group(self, group: list[tuple[int, LinkPatient, Profile]]) -> None:
        """One person for a group: the oldest that one of its Patients founded, or a new one."""
        founded = {
            seq: number
            for seq, patient, _ in group
            if (number := self._tables.founded(person_id(patient.id))) is not None
        }
        if founded:
            person = min(founded.values())
            founder = next(seq for seq, number in founded.items() if number == person)
        else:
            founder, first, _ = group[0]
            person = self._next_person
            self._next_person += 1
            self._created += 1
            self._persons.append((person, person_id(first.id)))
        for number in founded.values():
            target = None if number == person else person
            if self._tables.merged(number) != target:
                self._merges.append((number, target))
        for seq, _, found in group:
            rule = FIRST if seq == founder else _rule(seq, found, group)
            before = self._tables.member(seq)
            if before is None or before[0] != person or before[1] != rule:
                self._members.append((seq, person, rule))
                if seq != founder and (before is None or before[0] != person):
                    self._joined += 1

    def _look_for_conflicts(self, region: dict[int, tuple[LinkPatient, Profile]]) -> None:
        """Names each Patient of the batch that shares a number with one that it contradicts."""
        having: dict[str, set[Profile]] = defaultdict(set)
        for _, found in region.values():
            for key in found.shared_keys():
                having[key].add(found)
        for _, (patient, found) in sorted(region.items()):
            if patient.touched:
                for key in found.shared_keys():
                    if any(found.contradicts(other) for other in having[key]):
                        self._findings.append(_conflict(key, *self._tables.place(patient.seq, patient.version)))

    def _write(self) -> None:
        self._tables.put_links(self._persons, self._members, self._merges)
        self._persons, self._members, self._merges = [], [], []


def _rule(seq: int, found: Profile, group: list[tuple[int, LinkPatient, Profile]]) -> str:
    """The strongest rule that joins a Patient to another one of its group."""
    rules = {found.rule(other) for number, _, other in group if number != seq}
    return "national-id" if "national-id" in rules else "card"


def _conflict(key: str, file: str, record: str) -> Finding:
    number = "national id" if key.startswith("national-id:") else "insurance card"
    return Finding(
        Severity.WARNING,
        CONFLICT,
        f"Another patient has the same {number}, but birth date, sex or national id contradict; they are not linked.",
        Place(file=file, record=record, path="Patient.identifier"),
        _RULE,
        "Compare the two patients at their sources and correct the wrong number, date or sex.",
    )
