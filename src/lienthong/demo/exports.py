"""Which visit goes into which file of each hospital's export; a file's bytes are made when they are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby

from lienthong.demo.bhyt import Dialect, claim_file
from lienthong.demo.bundles import gzipped, json_line, transaction, zipped
from lienthong.demo.claims import FACILITY_A, Claim, claim
from lienthong.demo.feeds import is_fed
from lienthong.demo.people import Person, Registration
from lienthong.demo.resources import Resource, of_visits, organization, patient, practitioners
from lienthong.demo.visits import Visit

__all__ = ["BundleFile", "ClaimFile", "Edit", "LineFile", "PlainFile", "ZipFile", "claim_files", "died", "fhir_files"]

Edit = Callable[[Claim], Claim]
_CLAIMS_IN_A_FILE = 25
_DIALECTS = (
    Dialect(),
    Dialect(cdata=False, windows=True),
    Dialect(mark=True),
    Dialect(cdata=False),
    Dialect(plain=True),
)


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A file of claims. `edits` changes the claim of a visit by its place; `count` is a wrong SOLUONGHOSO;
    `keep` is the share of the bytes that arrived."""

    path: str
    made: date
    visits: tuple[Visit, ...]
    dialect: Dialect
    edits: Mapping[int, Edit] = field(default_factory=dict)
    count: int | None = None
    keep: float = 1.0

    def claims(self) -> Iterator[Claim]:
        for index, visit in enumerate(self.visits):
            made = claim(visit)
            yield self.edits[index](made) if index in self.edits else made

    def data(self) -> bytes:
        whole = claim_file(list(self.claims()), self.made, self.dialect, count=self.count)
        return whole[: int(len(whole) * self.keep)]


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file of NDJSON, gzipped where its path says so; `kinds` is the resource type of each line."""

    path: str
    lines: tuple[bytes, ...]
    kinds: tuple[str, ...]

    def data(self) -> bytes:
        whole = b"".join(self.lines)
        return gzipped(whole) if self.path.endswith(".gz") else whole


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A transaction: one patient and all of their visits."""

    path: str
    seed: int
    registration: Registration
    visits: tuple[Visit, ...]
    keep: float = 1.0

    def resources(self) -> list[Resource]:
        return [patient(self.registration, died(self.visits)), *of_visits(self.seed, list(self.visits))]

    def data(self) -> bytes:
        sent = datetime.combine(self.visits[-1].end.date(), time(20)) + timedelta(days=1)
        whole = transaction(self.resources(), sent)
        return whole[: int(len(whole) * self.keep)]


@dataclass(frozen=True, slots=True)
class ZipFile:
    """Transactions in one packed file."""

    path: str
    members: tuple[BundleFile, ...]

    def data(self) -> bytes:
        return zipped((member.path, member.data()) for member in self.members)


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that is no export."""

    path: str
    text: str

    def data(self) -> bytes:
        return self.text.encode("utf-8")


def died(visits: Sequence[Visit]) -> datetime | None:
    """When the patient of these visits to one hospital died there."""
    return next((visit.end for visit in visits if visit.outcome == "died"), None)


def claim_files(visits: tuple[Visit, ...]) -> list[ClaimFile]:
    """The claims by the month in which they end; those of the last month were sent one by one."""
    by_month: dict[str, list[Visit]] = defaultdict(list)
    for visit in sorted(visits, key=lambda item: (item.end, item.number)):
        by_month[f"{visit.end:%Y-%m}"].append(visit)
    files: list[ClaimFile] = []
    for month, of_month in by_month.items():
        size = 1 if month == max(by_month) else _CLAIMS_IN_A_FILE
        for number, start in enumerate(range(0, len(of_month), size), 1):
            part = tuple(of_month[start : start + size])
            made = part[-1].end.date() + timedelta(days=1)
            name = f"{FACILITY_A}_{month.replace('-', '')}_{number:02d}.xml"
            files.append(ClaimFile(f"{month}/{name}", made, part, _DIALECTS[len(files) % len(_DIALECTS)]))
    return files


def fhir_files(
    seed: int, persons: tuple[Person, ...], visits: tuple[Visit, ...]
) -> list[LineFile | BundleFile | ZipFile]:
    """Most patients by type in NDJSON, older files gzipped; each eighth patient in a transaction."""
    of_patient = {
        key: tuple(group)
        for key, group in groupby(
            sorted(visits, key=lambda item: (item.registration.key, item.start)),
            key=lambda item: item.registration.key,
        )
    }
    registered = [
        item for person in persons for item in person.registrations if item.hospital == "b" and not item.feed
    ]

    encoded: dict[str, tuple[list[bytes], list[str]]] = defaultdict(lambda: ([], []))

    def keep(resource: Resource) -> None:
        kind = resource["resourceType"]
        name = f"{kind}-{resource['effectiveDateTime'][:4]}" if kind == "Observation" else kind
        encoded[name][0].append(json_line(resource) + b"\n")
        encoded[name][1].append(kind)

    for resource in (organization(), *practitioners()):
        keep(resource)
    bundles: list[BundleFile] = []
    for index, registration in enumerate(registered):
        own = of_patient.get(registration.key, ())
        if index % 8 == 3:
            bundles.append(BundleFile(f"giao-dich-{len(bundles) + 1:04d}.json", seed, registration, own))
            continue
        keep(patient(registration, died(own)))
        for resource in of_visits(seed, list(own), by_messages=bool(own) and is_fed(own[0])):
            keep(resource)
    latest = max((name for name in encoded if name.startswith("Observation")), default="")
    files: list[LineFile | BundleFile | ZipFile] = []
    for name, (data, kinds) in sorted(encoded.items()):
        packed = name == "MedicationRequest" or (name.startswith("Observation") and name != latest)
        files.append(LineFile(f"ndjson/{name}.ndjson{'.gz' if packed else ''}", tuple(data), tuple(kinds)))
    alone = [item for number, item in enumerate(bundles) if number % 3 != 2]
    together = [item for number, item in enumerate(bundles) if number % 3 == 2]
    files += [BundleFile(f"transactions/{item.path}", seed, item.registration, item.visits) for item in alone]
    if together:
        files.append(ZipFile("transactions/goi.zip", tuple(together)))
    return files
