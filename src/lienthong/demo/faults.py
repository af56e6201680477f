"""Plants faults in the exports, few and of many kinds, and writes down each with its place and what must come of it.

No fault touches the latest visit of a patient, so that what is true of the people does not hang on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from lienthong.core import canonical
from lienthong.demo.bundles import json_line
from lienthong.demo.chance import Chance
from lienthong.demo.claim_faults import EDITS, halve_first_drug
from lienthong.demo.claims import FACILITY_A, claim_key
from lienthong.demo.exports import BundleFile, ClaimFile, LineFile, PlainFile, ZipFile
from lienthong.demo.fault import Fault

__all__ = ["FhirFile", "in_claims", "in_fhir"]

FhirFile = LineFile | BundleFile | ZipFile | PlainFile


def in_claims(seed: int, files: list[ClaimFile]) -> tuple[list[ClaimFile | PlainFile], list[Fault]]:
    """The claim files with faults, as many kinds as there are claims for."""
    chance = Chance("faults-a", seed)
    faults: list[Fault] = []
    last: dict[str, int] = {}
    for file in files:
        for visit in file.visits:
            last[visit.registration.key] = visit.number
    # Whole claims of which the patient has a later one, in files of base64 with several claims.
    spots = [
        (number, index)
        for number, file in enumerate(files)
        for index, visit in enumerate(file.visits)
        if not file.dialect.plain
        and visit.number != last[visit.registration.key]
        and visit.vitals
        and visit.labs
        and any(item.covered for item in visit.prescriptions)
    ]
    chosen = chance.several(spots, len(EDITS) + 1)
    planted = list(files)
    for (kind, edit, place, note, rule), (number, index) in zip(EDITS, chosen, strict=False):
        file = planted[number]
        planted[number] = replace(file, edits={**file.edits, index: edit})
        key = f"HOSO[{index + 1}]" if kind == "claim-without-key" else claim_key(file.visits[index])
        effect = "quarantined" if kind == "claim-without-key" else "finding"
        faults.append(Fault(kind, "a", file.path, effect, "record", key, **place, note=note, rule=rule))
    extra: list[ClaimFile | PlainFile] = []
    corrected = None
    if len(chosen) > len(EDITS):
        extra += _corrected(planted, chosen[-1], faults)
        corrected = planted[chosen[-1][0]]
    clean = [file for file in planted if not file.edits and not file.dialect.plain and file is not corrected]
    if clean:
        extra += _whole_files(clean, chance, planted, faults)
    extra.append(PlainFile("GHI_CHU.txt", "Xuất dữ liệu cho Lienthong (bịa). Không có người bệnh thật.\n"))
    faults.append(Fault("no-export", "a", "GHI_CHU.txt", "left-out", "file", note="a note among the files"))
    return [*planted, *extra], faults


def _corrected(files: list[ClaimFile], spot: tuple[int, int], faults: list[Fault]) -> list[ClaimFile]:
    """The claim sent again, with a quantity put right: a new version, no second claim."""
    file, visit = files[spot[0]], files[spot[0]].visits[spot[1]]
    path = file.path.rsplit("/", 1)[0] + f"/{FACILITY_A}_{visit.end:%Y%m}_dieu-chinh.xml"
    made = file.made + timedelta(days=12)
    note = "the first drug's quantity is halved and the sums follow"
    faults.append(
        Fault(
            "corrected-claim",
            "a",
            path,
            "updated",
            "record",
            claim_key(visit),
            "XML2",
            "1",
            "SO_LUONG",
            note=note,
            rule="bhyt-record-in-two-files",
        )
    )
    return [ClaimFile(path, made, (visit,), file.dialect, edits={0: halve_first_drug})]


def _whole_files(
    clean: list[ClaimFile], chance: Chance, planted: list[ClaimFile], faults: list[Fault]
) -> list[ClaimFile | PlainFile]:
    """Faults of files: one sent twice, one cut off on its first way, one that counts its claims wrongly."""
    chosen = chance.several(clean, 3)
    twice = chosen[0]
    path = twice.path.removesuffix(".xml") + "_gui-lai.xml"
    note = "the same bytes under another name"
    faults.append(Fault("sent-twice", "a", path, "unchanged", "file", note=note, rule="bhyt-record-in-two-files"))
    extra: list[ClaimFile | PlainFile] = [replace(twice, path=path)]
    if len(chosen) > 1:
        visit = chosen[1].visits[0]
        path = chosen[1].path.rsplit("/", 1)[0] + f"/{claim_key(visit)}_dut.xml"
        note = "cut off; the claim came again whole"
        faults.append(
            Fault("truncated-file", "a", path, "quarantined", "file", note=note, rule="bhyt-envelope-broken")
        )
        extra.append(ClaimFile(path, chosen[1].made, (visit,), chosen[1].dialect, keep=0.6))
    if len(chosen) > 2:
        number = planted.index(chosen[2])
        planted[number] = replace(chosen[2], count=len(chosen[2].visits) + 2)
        note = "it says two more than there are"
        faults.append(
            Fault(
                "wrong-count",
                "a",
                chosen[2].path,
                "finding",
                "file",
                field="SOLUONGHOSO",
                note=note,
                rule="bhyt-count-differs",
            )
        )
    return extra


def in_fhir(seed: int, files: list[LineFile | BundleFile | ZipFile]) -> tuple[list[FhirFile], list[Fault]]:
    """The FHIR files with faults; those in lines are in signs that no product needs (pulse, height)."""
    chance = Chance("faults-b", seed)
    faults: list[Fault] = []
    planted: list[FhirFile] = list(files)
    for number, file in enumerate(files):
        if isinstance(file, LineFile) and "Observation" in file.path and not file.path.endswith(".gz"):
            planted[number] = _in_lines(chance, file, faults)
    bundles = [file for file in files if isinstance(file, BundleFile)]
    if bundles:
        whole = chance.pick(bundles)
        cut = replace(whole, path=whole.path.replace("giao-dich", "dut-giao-dich"), keep=0.7)
        note = "cut off; the same transaction came again whole"
        faults.append(Fault("truncated-file", "b", cut.path, "quarantined", "file", note=note))
        planted.append(cut)
    counts: dict[str, int] = {}
    for file in files:
        if isinstance(file, LineFile):
            for kind in file.kinds:
                counts[kind] = counts.get(kind, 0) + 1
    planted.append(PlainFile("so_luong.json", canonical.encode(counts).decode() + "\n"))
    faults.append(Fault("no-export", "b", "so_luong.json", "left-out", "file", note="counts of the lines"))
    return planted, faults


def _in_lines(chance: Chance, file: LineFile, faults: list[Fault]) -> LineFile:
    lines = list(file.lines)
    pulses = [number for number, line in enumerate(lines) if b'"8867-4"' in line]
    for (kind, change, effect, path, note), number in zip(_LINE_FAULTS, chance.several(pulses, 3), strict=False):
        lines[number] = change(lines[number])
        faults.append(Fault(kind, "b", file.path, effect, "record", f"line {number + 1}", path=path, note=note))
    return replace(file, lines=tuple(lines))


def _member(line: bytes, name: str, value: object) -> bytes:
    resource = canonical.parse(line)
    resource[name] = value
    return json_line(resource) + b"\n"


_LINE_FAULTS: tuple[tuple[str, Callable[[bytes], bytes], str, str, str], ...] = (
    ("bad-line", lambda line: line[:90] + b"\n", "quarantined", "", "the line is cut off"),
    (
        "dangling-reference",
        lambda line: _member(line, "encounter", {"reference": "Encounter/CL-LK999999"}),
        "finding",
        "Observation.encounter",
        "no such Encounter is in any file",
    ),
    (
        "code-outside-its-set",
        lambda line: _member(line, "status", "xong"),
        "finding",
        "Observation.status",
        "a required binding: registered, preliminary, final, ...",
    ),
)
