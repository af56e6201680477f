"""Definitions and packages are read whole or refused by name; hostile ones cost nothing."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from lienthong.core.errors import LienthongError
from lienthong.fhir import profiles, validate
from lienthong.fhir.profiles import Package, package

URL = "http://fhir.example.vn/core/StructureDefinition/p"


def definition(**members: Any) -> dict[str, Any]:
    made = {
        "resourceType": "StructureDefinition",
        "url": URL,
        "version": "1.0.0",
        "title": "P",
        "fhirVersion": "4.0.1",
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
        **members,
    }
    return {name: value for name, value in made.items() if value is not None}


def rule(**members: Any) -> dict[str, Any]:
    return {"differential": {"element": [{"id": "Patient.name", "path": "Patient.name", **members}]}}


def packed(files: dict[str, bytes], **manifest: Any) -> io.BytesIO:
    made = io.BytesIO()
    named = {"name": "vn.core", "version": "1.0.0", "fhirVersions": ["4.0.1"], **manifest}
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, data in {"package/package.json": json.dumps(named).encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    made.seek(0)
    return made


def test_a_definition_is_taken_as_dict_bytes_or_in_a_bundle() -> None:
    whole = definition()
    bundle = {"resourceType": "Bundle", "entry": [{"resource": whole}, {"resource": {"resourceType": "Patient"}}, 7]}
    for part in (whole, json.dumps(whole).encode(), bundle):
        assert profiles.load(part).addresses == (URL,)


def test_a_package_gives_its_definitions_and_names_what_it_depends_on() -> None:
    files = {
        "package/StructureDefinition-p.json": json.dumps(definition()).encode(),
        "package/.index.json": b'{"index-version": 1, "files": []}',
        "package/example/Patient-1.json": b'{"resourceType": "Patient", "x": "StructureDefinition"}',
        "package/other/notes.json": b"not JSON at all, StructureDefinition",
        "package/ImplementationGuide-vn.json": b'{"resourceType": "ImplementationGuide"}',
        "../outside.json": json.dumps(definition(url="http://evil.example")).encode(),
        "package/../StructureDefinition-q.json": json.dumps(definition(url="http://evil.example")).encode(),
    }
    read = Package.open(packed(files, dependencies={"hl7.fhir.r4.core": "4.0.1", "hl7.fhir.uv.ips": "1.1.0"}))
    assert (read.name, read.version, len(read.resources)) == ("vn.core", "1.0.0", 1)
    loaded = profiles.load(read)
    assert loaded.missing == ("hl7.fhir.uv.ips#1.1.0",)
    assert loaded.addresses == (URL,)
    ips = Package.open(packed({}, name="hl7.fhir.uv.ips", version="1.1.0"))
    assert profiles.load(read, ips).missing == ()


def test_the_newest_version_counts_unless_one_is_named() -> None:
    older, newer, draft = (
        definition(version=version, **rule(max=str(number)))
        for number, version in enumerate(("9.0.0", "10.0.0", "10.0.0-ballot"), 1)
    )
    known = profiles.load(newer, draft, older)
    assert known.profile(URL).canonical == f"{URL}|10.0.0"
    assert known.profile(f"{URL}|9.0.0").constraint.children[0].max == 1
    assert known.get(f"{URL}|8.0.0") is None


def text_of(call: Callable[[], object]) -> str:
    with pytest.raises(LienthongError) as raised:
        call()
    return raised.value.text()


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no elements", definition(differential={"element": []}), "it has neither a snapshot nor a differential."),
    ("another release", definition(fhirVersion="5.0.0"), "made for FHIR 5.0.0, and this version reads R4."),
    ("no type of R4", definition(type="Animal"), "its type is no type of FHIR R4. [profile-not-readable]"),
    ("no text as path", definition(**rule(path=7)), "element 1: Expected `str`, got `int` - at `$.path`."),
    ("a path elsewhere", definition(**rule(path="Practitioner.name", id="")), "does not begin with Patient"),
    ("no number as max", definition(**rule(max="many")), "max of Patient.name is neither a number nor *"),
    ("an unknown strength", definition(**rule(binding={"strength": "loose"})), "the strength of the binding"),
    ("too deep", definition(**rule(path="Patient" + ".contact" * 70)), "an element stands deeper than 64 levels"),
    (
        "an unknown element",
        definition(**rule(path="Patient.nickname", id="Patient.nickname")),
        "something of Patient.nickname, and no such element is there. [profile-element-unknown]",
    ),
    (
        "no base",
        definition(baseDefinition="http://other.example/x"),
        "builds on http://other.example/x, which is not here, and it carries no snapshot. [profile-base-missing]",
    ),
    ("its own base", definition(baseDefinition=URL), "lead round in a circle, or through more than 32 profiles."),
]


@pytest.mark.parametrize(("resource", "text"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_faulty_definition_is_refused_by_name(resource: dict[str, Any], text: str) -> None:
    known = profiles.load(resource)
    said = text_of(lambda: known.profile(URL))
    assert text in said and URL in said
    # where a resource only claims it, the check goes on and says why
    resource = {"resourceType": "Patient", "meta": {"profile": [URL]}}
    found = validate(resource, profiles=[known], invariants=False)
    assert [finding.code for finding in found] == ["profile-unusable"]


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (b"{", "[profile-not-definition]"),
        (b"[]", "it is no JSON object. [profile-not-definition]"),
        ({"resourceType": "Patient"}, "resourceType is none of StructureDefinition, ValueSet, CodeSystem."),
        (definition(url=None), "the StructureDefinition has no url."),
    ],
)
def test_what_is_no_definition_is_refused(part: bytes | dict[str, Any], why: str) -> None:
    assert why in text_of(lambda: profiles.load(part))


def test_a_definition_whose_slices_copy_without_end_is_refused() -> None:
    elements = []
    path = "Questionnaire"
    for _ in range(12):  # each level doubles what lies below it by slices named after the copies are made
        path += ".item"
        elements.append({"path": path, "id": path})
    for depth in range(11, 0, -1):
        for name in "abcdefgh":
            head = "Questionnaire" + ".item" * depth
            elements.append({"path": head, "id": f"{head}:{name}", "sliceName": name})
    whole = definition(
        type="Questionnaire",
        baseDefinition="http://hl7.org/fhir/StructureDefinition/Questionnaire",
        differential={"element": elements},
    )
    assert "[profile-too-large]" in text_of(lambda: profiles.load(whole).profile(URL))


NO_TAR = "it is no whole gzipped tar. [fhir-package-not-readable]"
PACKAGES: list[tuple[str, Callable[[], io.BytesIO], str]] = [
    ("no gzip", lambda: io.BytesIO(b"PK\x03\x04 not a package"), NO_TAR),
    ("nothing", lambda: io.BytesIO(b""), NO_TAR),
    ("no tar", lambda: io.BytesIO(gzip.compress(b"x" * 5000)), NO_TAR),
    ("cut off", lambda: io.BytesIO(packed({"package/a.json": b"{}" * 5000}).getvalue()[:-30]), NO_TAR),
    ("no manifest", lambda: io.BytesIO(gzip.compress(b"\0" * 10240)), "package/package.json is missing."),
    ("no name", lambda: packed({"package/package.json": b'{"version": "1"}'}), "missing required field `name`."),
    ("of R5", lambda: packed({}, fhirVersions=["5.0.0"]), "made for FHIR 5.0.0"),
    ("a broken definition", lambda: packed({"package/x.json": b'{"resourceType": "ValueSet"'}), "x.json"),
]


@pytest.mark.parametrize(("make", "text"), [case[1:] for case in PACKAGES], ids=[case[0] for case in PACKAGES])
def test_a_faulty_package_is_refused_by_name(make: Callable[[], io.BytesIO], text: str) -> None:
    assert text in text_of(lambda: Package.open(make(), "vn.core.tgz"))


def test_a_package_that_swells_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_TOTAL", 1_000_000)
    swollen = packed({"package/big.bin": b"\0" * 5_000_000})
    assert len(swollen.getvalue()) < 20_000
    assert "it is too large when unpacked. [fhir-package-too-large]" in text_of(lambda: Package.open(swollen))


def test_a_package_of_too_many_or_too_large_files_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_FILES", 10)
    many = packed({f"package/{number}.txt": b"" for number in range(20)})
    assert "it holds too many files. [fhir-package-too-large]" in text_of(lambda: Package.open(many))
    monkeypatch.setattr(package, "MAX_FILE", 1000)
    large = packed({"package/x.json": b" " * 2000})
    assert "one of its files is too large." in text_of(lambda: Package.open(large))


def test_links_in_a_package_are_not_followed() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        link = tarfile.TarInfo("package/package.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    made.seek(0)
    assert "package/package.json is missing" in text_of(lambda: Package.open(made))
