"""A FHIR resource that can be shown: every type has a rule, ids lead on, files and unknown parts are not copied."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.fhir import schema
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.fhir.deidentify import FhirDeidentifier
from lienthong.sources.fhir.showable import rules

KEY = bytes(range(32))
PRIMITIVES = {
    *("base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer"),
    *("markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml"),
}


def test_every_primitive_type_and_every_type_that_names_somebody_has_a_rule() -> None:
    wanted = {
        *PRIMITIVES,
        "HumanName",
        "Address",
        "ContactPoint",
        "Identifier",
        "Reference",
        "Attachment",
        "Narrative",
    }
    assert wanted <= set(rules().types)
    assert all(schema.is_type(name) or schema.is_primitive(name) for name in rules().types)


def test_every_path_of_a_rule_is_an_element() -> None:
    for path in rules().paths:
        owner, _, name = path.rpartition(".")
        assert schema.element(owner, name) is not None, path


def shown(*lines: Any, no_text: bool = False) -> tuple[list[dict[str, Any]], list[Finding]]:
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    made = FhirDeidentifier()
    circles = Circles()

    def stream() -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(data))

    for _ in made.learn(stream(), name="x", settings=Settings(), circles=circles, this_year=2026):
        pass
    circles.close()
    out = io.BytesIO()
    replacer = Replacer(KEY, circles, no_text=no_text)
    items = list(made.rewrite(stream(), out, name="x", settings=Settings(), replacer=replacer))
    return [json.loads(line) for line in out.getvalue().splitlines()], [
        item for item in items if isinstance(item, Finding)
    ]


PATIENT = {
    "resourceType": "Patient",
    "id": "079185012345",
    "meta": {"source": "urn:his", "versionId": "7", "lastUpdated": "2024-05-17T08:00:00Z"},
    "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>Lò Thị Mơ</div>"},
    "extension": [{"url": "https://his.example/mother", "valueString": "Lò Thị Hoa"}],
    "identifier": [
        {"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "079185012345"},
        {"system": "https://his.example/mrn", "value": "SH000123", "assigner": {"display": "BV Mơ"}},
    ],
    "name": [{"family": "Lò", "given": ["Thị", "Mơ"], "text": "Lò Thị Mơ"}],
    "telecom": [{"system": "phone", "value": "0912345678"}, {"system": "email", "value": "mo@his.example"}],
    "gender": "female",
    "birthDate": "1985-02-03",
    "address": [
        {"line": ["12 Hoa Mơ"], "city": "Ninh Kiều", "state": "Cần Thơ", "postalCode": "900000", "country": "VN"}
    ],
    "photo": [{"contentType": "image/png", "data": "AAAA"}],
    "contact": [{"name": {"text": "Trần Văn Bình"}, "telecom": [{"system": "phone", "value": "0987654321"}]}],
    "unheardOf": "Lò Thị Mơ",
}
NOTE = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]},
    "subject": {"reference": "Patient/079185012345", "display": "Lò Thị Mơ"},
    "effectiveDateTime": "2024-05-17T08:30:00+07:00",
    "valueQuantity": {"value": 96, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    "note": [{"text": "Chị Mơ (lo thi mo) gọi 0912345678 ngày 17/05/2024"}],
}


def test_nothing_of_a_person_is_left_in_any_byte() -> None:
    made, refused = shown(PATIENT, NOTE)
    assert refused == []
    text = json.dumps(made, ensure_ascii=False)
    for gone in (
        "079185012345",
        "SH000123",
        "Mơ",
        "lo thi mo",
        "0912345678",
        "0987654321",
        "Bình",
        "Hoa",
        "Ninh Kiều",
    ):
        assert gone not in text
    for gone in (
        "900000",
        "his.example",
        "AAAA",
        "unheardOf",
        "1985-02-03",
        "2024-05-17",
        "17/05/2024",
        "div",
        "urn:his",
    ):
        assert gone not in text


def test_what_is_medicine_is_kept_and_references_lead_on() -> None:
    patient, note = shown(PATIENT, NOTE)[0]
    assert note["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert note["valueQuantity"] == NOTE["valueQuantity"]
    assert note["code"] == NOTE["code"]
    assert patient["address"][0]["state"] == "Cần Thơ"
    assert patient["name"][0]["text"].split()[0] == patient["name"][0]["family"]
    assert patient["identifier"][0]["value"][4:6] == patient["birthDate"][2:4]


def test_no_text_empties_notes() -> None:
    assert "note" not in shown(PATIENT, NOTE, no_text=True)[0][1]


def test_a_digit_of_a_decimal_is_kept() -> None:
    line = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}'
    assert b"1.10" in json.dumps(shown(line)[0]).encode() or shown(line)[0][0]["valueQuantity"]["value"] == 1.10


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (
            {**NOTE, "modifierExtension": [{"url": "https://x.example/not", "valueBoolean": True}]},
            "deidentify-modifier",
        ),
        ({"resourceType": "Nonsense", "name": "Lò Thị Mơ"}, "resource-missing"),
        (b'{"resourceType": "Patient", "name"', "json-broken"),
        (b"[" * 5000, "json-broken"),
    ],
)
def test_what_cannot_be_rewritten_is_named_and_not_copied(line: Any, code: str) -> None:
    made, refused = shown(PATIENT, line)
    assert len(made) == 1
    assert [item.code.startswith(code) for item in refused] == [True]
    assert "Mơ" not in json.dumps([item.to_json() for item in refused], ensure_ascii=False)


@pytest.mark.parametrize(
    "value", ["Lò Thị Mơ", 7, None, ["Lò Thị Mơ"], {"x": "Lò Thị Mơ"}, [[{"text": "Lò Thị Mơ"}]], True]
)
@pytest.mark.parametrize(
    "name", ["name", "birthDate", "identifier", "gender", "contact", "_birthDate", "id", "extension"]
)
def test_a_value_of_a_wrong_shape_is_not_copied(name: str, value: Any) -> None:
    made, _ = shown({**PATIENT, name: value})
    assert "Thị Mơ" not in json.dumps(made, ensure_ascii=False)


def test_a_bundle_stays_one_and_its_references_agree() -> None:
    url = "urn:uuid:120682fb-701a-485a-afe7-58621606d214"
    note = {**NOTE, "subject": {"reference": url}}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "timestamp": "2024-05-17T08:30:00Z",
        "entry": [
            {"fullUrl": url, "resource": {**PATIENT, "id": "p1"}, "request": {"method": "POST", "url": "Patient"}},
            {"resource": note, "request": {"method": "PUT", "url": "Observation/o1"}},
            {"resource": {"resourceType": "Nonsense"}},
        ],
    }
    made, refused = shown(bundle)
    entries = made[0]["entry"]
    assert len(entries) == 2
    assert [item.place.record for item in refused] == ["entry[2]"]
    assert entries[0]["fullUrl"] == entries[1]["resource"]["subject"]["reference"] != url
    assert entries[1]["request"]["url"] == f"Observation/{entries[1]['resource']['id']}"
    assert "2024-05-17" not in json.dumps(made)
