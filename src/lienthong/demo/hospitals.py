"""Two invented Vietnamese hospitals in memory, and a thin door that writes them to a folder.

The same seed, number of people and as-of date give the same bytes; no clock and no other chance is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.demo import truth
from lienthong.demo.claims import FACILITY_A
from lienthong.demo.exports import BundleFile, ClaimFile, PlainFile, ZipFile, claim_files, fhir_files
from lienthong.demo.fault import Fault
from lienthong.demo.faults import FhirFile, in_claims, in_fhir
from lienthong.demo.feeds import MessageFile, message_files
from lienthong.demo.message_faults import in_messages
from lienthong.demo.people import Person, population
from lienthong.demo.resources import FACILITY_B, NAME_B
from lienthong.demo.visits import Visit
from lienthong.demo.visits import visits as all_visits

__all__ = [
    "AS_OF",
    "FACILITIES",
    "FOLDERS",
    "NAME_A",
    "TRUTH",
    "VERSION",
    "VISITS",
    "File",
    "Hospitals",
    "generate",
    "write",
]

VERSION = "3"
AS_OF = date(2026, 10, 31)
VISITS = 3000  # of a demo that names no size
NAME_A = "Bệnh viện Đa khoa Sông Hồng (bịa)"
FACILITIES: Mapping[str, str] = MappingProxyType({FACILITY_A: NAME_A, FACILITY_B: NAME_B})
FOLDERS: Mapping[str, str] = MappingProxyType({"a": "benh-vien-a", "b": "benh-vien-b"})
TRUTH = "su-that/truth.json"

FEW_PEOPLE = ErrorKind(
    "demo-people-wrong",
    Category.INCORRECT,
    what="The invented hospitals can't have {people} people.",
    allowed="1 to 900000 people.",
    cure="Ask for a number between; 300 make a demo of a quarter of a minute.",
)
FEW_VISITS = ErrorKind(
    "demo-visits-wrong",
    Category.INCORRECT,
    what="The invented hospitals can't have {visits} visits.",
    allowed="10 to 2000000 visits.",
    cure="Ask for a number between; 3000 make a demo of a minute.",
)
BOTH_SIZES = ErrorKind(
    "demo-size-twice",
    Category.INCORRECT,
    what="Both people and visits are named, and each decides the other.",
    allowed="One of them, or none.",
    cure="Leave out --people or --visits.",
)
FOLDER_TAKEN = ErrorKind(
    "demo-folder-taken",
    Category.CONFLICT,
    what="The folder holds other hospitals, or files that are not of the demo.",
    allowed="A new or empty folder, or one with the same seed, people and date.",
    cure="Name another folder, or remove its benh-vien-a, benh-vien-b and su-that.",
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: its path below the folder of all, with `/`, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Hospitals:
    """The two hospitals: people, visits, planned files and planted faults; bytes are made as files are asked for."""

    seed: int
    as_of: date
    persons: tuple[Person, ...]
    visits: tuple[Visit, ...]
    claim_files: tuple[ClaimFile | PlainFile, ...]
    fhir_files: tuple[FhirFile, ...]
    message_files: tuple[MessageFile, ...]
    faults: tuple[Fault, ...]

    def files(self) -> Iterator[File]:
        """Every file of both exports, one at a time."""
        for name, planned in (("a", self.claim_files), ("b", (*self.fhir_files, *self.message_files))):
            for file in planned:
                yield File(f"{FOLDERS[name]}/{file.path}", file.data())

    def truth(self) -> dict[str, Any]:
        """The truth file's content, as plain JSON values."""
        bundled = frozenset(bundle.registration.key for bundle in _bundles(self.fhir_files))
        by_hospital = {name: [fault for fault in self.faults if fault.hospital == name] for name in FOLDERS}
        return {
            "generator": {
                "name": "lienthong.demo",
                "version": VERSION,
                "seed": self.seed,
                "people": len(self.persons),
                "as_of": self.as_of.isoformat(),
            },
            "hospitals": {
                "a": {"name": NAME_A, "facility": FACILITY_A, "folder": FOLDERS["a"], "format": "bhyt"}
                | truth.claim_counts(self.claim_files, by_hospital["a"]),
                "b": {"name": NAME_B, "facility": FACILITY_B, "folder": FOLDERS["b"], "format": "fhir+hl7v2"}
                | truth.fhir_counts(self.fhir_files, self.message_files, by_hospital["b"]),
            },
            "visits": len(self.visits),
            "persons_by_exact_rules": truth.linked_persons(self.persons),
            "persons": truth.patients(self.persons, bundled),
            "links": truth.links(self.persons),
            "apart": truth.apart(self.persons),
            "faults": truth.fault_list(self.faults),
            "diseases": truth.diseases(self.visits),
            "cvd": truth.cvd(self.persons, self.visits, self.as_of),
            "news2": truth.news2(self.visits),
        }


def _bundles(files: tuple[FhirFile, ...]) -> Iterator[BundleFile]:
    for file in files:
        if isinstance(file, ZipFile):
            yield from file.members
        elif isinstance(file, BundleFile):
            yield file


def generate(seed: int, people: int | None = None, *, visits: int | None = None, as_of: date = AS_OF) -> Hospitals:
    """The hospitals of a seed: `people` persons, or as many as make about `visits` visits (within some per cent).

    Visits lie in the three years before `as_of`; a person makes about three. Without a size there are `VISITS`.
    """
    if people is not None and visits is not None:
        raise BOTH_SIZES.at("people, visits")
    if people is None:
        visits = VISITS if visits is None else visits
        if not 10 <= visits <= 2_000_000:
            raise FEW_VISITS.at("visits", visits=visits)
        persons, (to_a, to_b) = _sized(seed, visits, as_of)
    else:
        if not 1 <= people <= 900_000:
            raise FEW_PEOPLE.at("people", people=people)
        persons = population(seed, people, as_of)
        to_a, to_b = all_visits(seed, persons, as_of)
    claims, faults_a = in_claims(seed, claim_files(to_a))
    resources, faults_b = in_fhir(seed, fhir_files(seed, persons, to_b))
    messages, faults_m = in_messages(seed, message_files(to_b))
    faults = (*faults_a, *faults_b, *faults_m)
    return Hospitals(seed, as_of, persons, (*to_a, *to_b), tuple(claims), tuple(resources), tuple(messages), faults)


def _sized(
    seed: int, wanted: int, as_of: date
) -> tuple[tuple[Person, ...], tuple[tuple[Visit, ...], tuple[Visit, ...]]]:
    """The fewest whole triples of people who make the visits that are wanted; a person is the same in any size."""
    persons = population(seed, 3 * (wanted // 6 + 1), as_of)
    made = Counter(visit.person.number for part in all_visits(seed, persons, as_of) for visit in part)
    count = 0
    for number, person in enumerate(persons, 1):
        count += made[person.number]
        if count >= wanted and number % 3 == 0:
            persons = persons[:number]
            break
    return persons, all_visits(seed, persons, as_of)


def write(
    folder: Path, seed: int, people: int | None = None, *, visits: int | None = None, as_of: date = AS_OF
) -> None:
    """Writes both exports (`benh-vien-a`, `benh-vien-b`) and the truth (`su-that/truth.json`) into a folder."""
    hospitals = generate(seed, people, visits=visits, as_of=as_of)
    content = hospitals.truth()
    _refuse_others(folder, content["generator"])
    # The truth first: a write that was broken off is known by it, and can be done again.
    _write(folder / TRUTH, msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    for file in hospitals.files():
        _write(folder / file.path, file.data)


def _refuse_others(folder: Path, generator: dict[str, Any]) -> None:
    """Files of another seed or size beside these would make the truth a lie."""
    path = folder / TRUTH
    if path.exists():
        same = canonical.parse(path.read_bytes()).get("generator") == generator
    else:
        same = not any((folder / name).exists() for name in FOLDERS.values())
    if not same:
        raise FOLDER_TAKEN.at(str(folder))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
