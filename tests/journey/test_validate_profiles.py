"""`lienthong validate --profile --package`: what it says of files that fit, that don't, and of wrong profiles."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lienthong.commands import guides
from lienthong.core.errors import LienthongError

Lienthong = Callable[..., Any]
CORE = "http://fhir.example.vn/core/StructureDefinition/"
WEIGHT = "http://hl7.org/fhir/StructureDefinition/bodyweight"

PATIENT: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": CORE + "patient",
    "version": "1.0.0",
    "title": "Người bệnh",
    "status": "active",
    "fhirVersion": "4.0.1",
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"id": "Patient.name", "path": "Patient.name", "min": 1},
            {"id": "Patient.telecom", "path": "Patient.telecom", "mustSupport": True},
        ]
    },
}
# without a narrative R4's advice (dom-6) would be told of each
TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">người bệnh</div>'}
LAN: dict[str, Any] = {"resourceType": "Patient", "id": "1", "text": TEXT, "name": [{"text": "Lan"}]}
NOBODY: dict[str, Any] = {"resourceType": "Patient", "id": "2", "text": TEXT}
PLACE: dict[str, Any] = {"resourceType": "Location", "id": "3", "text": TEXT}


def write(path: Path, *resources: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in resources), "utf-8")
    return path


def package(path: Path, *definitions: dict[str, Any], **manifest: Any) -> Path:
    files = {f"package/{number}.json": json.dumps(item).encode() for number, item in enumerate(definitions)}
    head = {"name": "vn.core", "version": "1.0.0", "fhirVersions": ["4.0.1"], **manifest}
    with tarfile.open(path, mode="w:gz") as archive:
        for name, data in {"package/package.json": json.dumps(head).encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def told(said: Any) -> list[tuple[str, str, str]]:
    return [(item["code"], item["place"]["record"], item["place"]["path"]) for item in said.json["findings"]]


def test_a_profile_from_a_file_applies_to_its_type_alone(tmp_path: Path, lienthong: Lienthong) -> None:
    profile = write(tmp_path / "profile.json", PATIENT)
    said = lienthong("validate", write(tmp_path / "all.ndjson", LAN, NOBODY, PLACE), "--profile", profile)
    assert (said.code, said.json["records"]) == (1, 3)
    (finding,) = said.json["findings"]
    assert finding["place"]["file"] == "all.ndjson"
    assert (finding["place"]["record"], finding["place"]["path"]) == ("line 2", "Patient.name")
    assert finding["rule"]["id"] == f"{CORE}patient|1.0.0#Patient.name"


def test_a_bundle_is_looked_at_whole(tmp_path: Path, lienthong: Lienthong) -> None:
    entries = [{"fullUrl": f"http://h.example/Patient/{item['id']}", "resource": item} for item in (LAN, NOBODY)]
    bundle = write(tmp_path / "b.json", {"resourceType": "Bundle", "type": "collection", "entry": entries})
    said = lienthong(
        "validate", bundle, "--package", package(tmp_path / "vn.tgz", PATIENT), "--profile", CORE + "patient"
    )
    assert told(said) == [("profile-missing", "line 1", "Bundle.entry[1].resource.name")]


def test_a_package_serves_what_resources_claim_and_says_what_it_lacks(tmp_path: Path, lienthong: Lienthong) -> None:
    guide = package(tmp_path / "vn.tgz", PATIENT, dependencies={"hl7.fhir.uv.ips": "1.1.0"})
    claims = {**NOBODY, "meta": {"profile": [CORE + "patient", "http://other.example/p"]}}
    said = lienthong("validate", write(tmp_path / "p.json", claims), "--package", guide)
    assert said.code == 1
    assert [item[0] for item in told(said)] == ["profile-missing", "profile-unknown", "profile-package-missing"]


def test_what_cant_be_checked_is_said_once_for_all_resources(tmp_path: Path, lienthong: Lienthong) -> None:
    claims = {**LAN, "meta": {"profile": ["http://other.example/p"]}}
    said = lienthong("validate", write(tmp_path / "p.ndjson", claims, claims, claims), "--profile", WEIGHT)
    assert [item[0] for item in told(said) if item[0] == "profile-unknown"] == ["profile-unknown"]


def test_the_profiles_of_r4_itself_need_no_file(tmp_path: Path, lienthong: Lienthong) -> None:
    weight = {"resourceType": "Observation", "status": "final", "code": {"text": "cân nặng"}}
    said = lienthong("validate", write(tmp_path / "o.json", weight), "--profile", WEIGHT)
    assert said.code == 1
    assert "profile-missing" in {item[0] for item in told(said)}
    unused = lienthong("validate", write(tmp_path / "p.json", LAN), "--profile", WEIGHT)
    assert (unused.code, [item[0] for item in told(unused)]) == (0, ["profile-not-used"])


def test_what_a_resource_claims_is_checked_without_any_option(tmp_path: Path, lienthong: Lienthong) -> None:
    claims = {"resourceType": "Observation", "status": "final", "code": {"text": "cân nặng"}, "text": TEXT}
    claims["meta"] = {"profile": [WEIGHT, "http://other.example/p"]}
    said = lienthong("validate", write(tmp_path / "o.json", claims))
    assert said.code == 1
    assert {"profile-missing", "profile-unknown"} <= {item[0] for item in told(said)}


def test_must_support_is_listed_when_asked_for(tmp_path: Path, lienthong: Lienthong) -> None:
    profile, file = write(tmp_path / "profile.json", PATIENT), write(tmp_path / "p.json", LAN)
    assert told(lienthong("validate", file, "--profile", profile)) == []
    said = lienthong("validate", file, "--profile", profile, "--must-support")
    assert (said.code, told(said)) == (0, [("profile-must-support", "line 1", "Patient.telecom")])


def test_a_folder_of_definitions_and_one_of_files(tmp_path: Path, lienthong: Lienthong) -> None:
    guide, files = tmp_path / "guide", tmp_path / "files"
    guide.mkdir()
    files.mkdir()
    write(guide / "patient.json", PATIENT)
    write(guide / "example.json", LAN)
    (guide / "settings.json").write_text("not JSON", "utf-8")
    write(files / "p.json", NOBODY)
    (files / "README.md").write_text("no resource", "utf-8")
    (files / "broken.json").write_text('{"resourceType": "Patient",', "utf-8")
    (files / "package.json").write_text("{}", "utf-8")
    said = lienthong("validate", files, "--package", guide, "--profile", CORE + "patient")
    assert said.code == 1
    assert sorted(item[0] for item in told(said)) == ["json-broken", "profile-missing"]
    assert sorted(item["file"] for item in said.json["left_out"]) == ["files/README.md", "files/package.json"]


@pytest.mark.parametrize(
    ("name", "content", "code", "text"),
    [
        ("--profile", None, 2, "There is no profile file or package of this name. [profile-file-not-found]"),
        ("--package", None, 2, "[profile-file-not-found]"),
        ("--profile", b"no JSON", 2, "[profile-not-definition]"),
        (
            "--profile",
            json.dumps(LAN).encode(),
            2,
            "resourceType is none of StructureDefinition, ValueSet, CodeSystem.",
        ),
        ("--profile", json.dumps({"resourceType": "ValueSet", "url": "urn:x"}).encode(), 2, "[profile-file-empty]"),
        ("--profile", json.dumps({**PATIENT, "type": "Animal"}).encode(), 3, "its type is no type of FHIR R4."),
        ("--profile", json.dumps({**PATIENT, "fhirVersion": "5.0.0"}).encode(), 2, "[profile-other-release]"),
        ("--profile", json.dumps({**PATIENT, "baseDefinition": "http://x"}).encode(), 5, "[profile-base-missing]"),
    ],
)
def test_a_wrong_profile_says_what_is_wrong(
    tmp_path: Path, name: str, content: bytes | None, code: int, text: str
) -> None:
    path = tmp_path / "wrong.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LienthongError) as raised:
        guides.opened(*(([str(path)], []) if name == "--profile" else ([], [path])))
    assert raised.value.category.exit == code
    assert text in raised.value.text()


def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    for name in ("pipe.json", "pipe.tgz"):
        pipe = tmp_path / name
        os.mkfifo(pipe)
        for named, packages in (([str(pipe)], []), ([], [pipe])):
            with pytest.raises(LienthongError) as raised:
                guides.opened(named, packages)
            assert raised.value.code == "file-not-plain"


def test_a_profile_by_an_address_that_is_not_here(tmp_path: Path, lienthong: Lienthong) -> None:
    said = lienthong("validate", write(tmp_path / "p.json", LAN), "--profile", "http://nowhere.example/p", plain=True)
    assert said.code == 2
    assert "The profile http://nowhere.example/p is not here. [profile-not-loaded]" in said.err
