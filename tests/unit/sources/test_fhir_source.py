"""FHIR JSON becomes records: ids of this node, kept keys, moved references, faults that stop only themselves."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.ids import key_system, resource_id
from lienthong.core.settings import Settings
from lienthong.sources import Converted


def one(items: Any) -> Any:
    (item,) = items
    assert isinstance(item, Converted)
    return item


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def bundle(*entries: Any, **more: Any) -> bytes:
    return dump({"resourceType": "Bundle", "type": "transaction", "entry": list(entries), **more})


def new(kind: str, key: str, source: str = "main") -> str:
    return f"{kind}/{resource_id(source, kind, key)}"


def test_a_resource_gets_this_nodes_id_and_keeps_its_key(read_bytes: Any) -> None:
    item = one(read_bytes(b'{"resourceType":"Patient","id":"7","birthDate":"1965"}'))
    (patient,) = item.resources
    assert patient["id"] == resource_id("main", "Patient", "7")
    assert patient["identifier"] == [{"system": key_system("main", "Patient"), "value": "7"}]
    assert (item.origin.source, item.origin.record, item.rejected) == ("main", "line 1", None)


def test_the_source_can_be_named(read_bytes: Any) -> None:
    item = one(read_bytes(b'{"resourceType":"Patient","id":"7"}', source="lab"))
    assert item.origin.source == "lab"
    assert item.resources[0]["id"] == resource_id("lab", "Patient", "7")


def test_decimals_keep_their_digits(read_bytes: Any) -> None:
    text = b'{"resourceType":"Observation","id":"1","valueQuantity":{"value":1.10}}'
    assert b'"value":1.10' in canonical.encode(one(read_bytes(text)).resources[0])


def test_the_sources_version_and_time_go_and_the_rest_of_meta_stays(read_bytes: Any) -> None:
    meta = {"versionId": "3", "lastUpdated": "2020-01-01T00:00:00Z", "tag": [{"code": "x"}]}
    kept = one(read_bytes(dump({"resourceType": "Patient", "id": "1", "meta": meta}))).resources[0]
    assert kept["meta"] == {"tag": [{"code": "x"}]}
    gone = one(read_bytes(dump({"resourceType": "Patient", "id": "1", "meta": {"versionId": "1"}}))).resources[0]
    assert "meta" not in gone


def test_a_type_without_a_list_of_identifiers_is_left_alone(read_bytes: Any) -> None:
    item = one(read_bytes(b'{"resourceType":"Composition","id":"1","identifier":{"value":"a"}}'))
    assert item.resources[0]["identifier"] == {"value": "a"}
    assert "identifier" not in one(read_bytes(b'{"resourceType":"Binary","id":"1"}')).resources[0]


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        ({"id": "a", "identifier": [{"system": "s", "value": "v"}]}, "a"),
        ({"identifier": [{"system": "s", "value": "v"}]}, "s|v"),
        (
            {
                "identifier": [
                    {"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "001"},
                    {"type": {"coding": [{"code": "SS"}]}, "value": "999"},
                    {"value": "MR7"},
                ]
            },
            "|MR7",
        ),
    ],
)
def test_the_key_is_the_id_or_the_first_identifier_that_is_no_national_one(
    read_bytes: Any, resource: Any, key: Any
) -> None:
    item = one(read_bytes(dump({"resourceType": "Patient", **resource})))
    assert item.resources[0]["id"] == resource_id("main", "Patient", key)


def test_without_any_key_the_content_is_the_key(read_bytes: Any) -> None:
    first, again = (one(read_bytes(b'{"resourceType":"Patient","gender":"male"}')).resources[0] for _ in range(2))
    other = one(read_bytes(b'{"resourceType":"Patient","gender":"female"}')).resources[0]
    assert first == again
    assert first["id"] != other["id"]


def test_relative_references_move_and_others_stay(read_bytes: Any) -> None:
    texts = [
        ("Patient/7", new("Patient", "7")),
        ("Patient/7/_history/2", new("Patient", "7")),
        ("#p", "#p"),
        ("Practitioner?identifier=s|1", "Practitioner?identifier=s|1"),
        ("http://elsewhere.example/fhir/Patient/7", "http://elsewhere.example/fhir/Patient/7"),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"),
        ("Nonsense/7", "Nonsense/7"),
    ]
    resource = {"resourceType": "Observation", "id": "1", "performer": [{"reference": text} for text, _ in texts]}
    performers = one(read_bytes(dump(resource))).resources[0]["performer"]
    assert [item["reference"] for item in performers] == [moved for _, moved in texts]


def test_references_inside_contained_resources_and_extensions_move(read_bytes: Any) -> None:
    resource = {
        "resourceType": "Observation",
        "id": "1",
        "contained": [{"resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/7"}}],
        "extension": [{"url": "u", "valueReference": {"reference": "Patient/7"}}],
    }
    body = one(read_bytes(dump(resource))).resources[0]
    assert body["contained"][0]["id"] == "s"
    assert body["contained"][0]["subject"]["reference"] == new("Patient", "7")
    assert body["extension"][0]["valueReference"]["reference"] == new("Patient", "7")


def test_a_bundles_references_lead_to_its_entries(read_bytes: Any) -> None:
    uuid = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    base = "http://hospital.example/fhir/"
    data = bundle(
        {"fullUrl": uuid, "resource": {"resourceType": "Patient"}, "request": {"method": "POST"}},
        {"fullUrl": base + "Encounter/5", "resource": {"resourceType": "Encounter", "id": "5"}},
        {
            "resource": {
                "resourceType": "Observation",
                "id": "9",
                "subject": {"reference": uuid},
                "encounter": {"reference": base + "Encounter/5/_history/1"},
                "performer": [{"reference": base + "Practitioner/8"}, {"reference": "Encounter/5"}],
            }
        },
    )
    items = read_bytes(data)
    assert [item.origin.record for item in items] == [uuid, base + "Encounter/5", "entry[2]"]
    observation = items[2].resources[0]
    assert observation["subject"]["reference"] == new("Patient", uuid.removeprefix("urn:uuid:"))
    assert observation["subject"]["reference"] == f"Patient/{items[0].resources[0]['id']}"
    assert observation["encounter"]["reference"] == new("Encounter", "5")
    assert [item["reference"] for item in observation["performer"]] == [
        new("Practitioner", "8"),
        new("Encounter", "5"),
    ]


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset", "document", "message"])
def test_every_kind_of_bundle_that_holds_records_is_read(read_bytes: Any, kind: Any) -> None:
    data = bundle({"resource": {"resourceType": "Composition", "id": "c"}}, type=kind)
    assert one(read_bytes(data)).resources[0]["resourceType"] == "Composition"


def test_a_bad_entry_stops_only_itself(read_bytes: Any) -> None:
    data = bundle(
        {"resource": {"resourceType": "Patient", "id": "1"}},
        7,
        {"request": {"method": "DELETE", "url": "Patient/1"}},
        {"resource": {"id": "2"}},
        {"resource": {"resourceType": "Robot", "id": "2"}},
        {"resource": "text"},
        {"fullUrl": "urn:uuid:1"},
        {"resource": {"resourceType": "Parameters"}, "request": {"method": ["PATCH"]}},
        {"resource": {"resourceType": "Patient", "id": "3"}},
    )
    items = read_bytes(data)
    codes = [item.rejected.code if item.rejected else "" for item in items]
    assert codes == [
        "",
        "bundle-entry-unreadable",
        "bundle-method-unsupported",
        "resource-missing",
        "resource-missing",
        "resource-missing",
        "bundle-entry-unreadable",
        "bundle-method-unsupported",
        "",
    ]
    assert items[4].rejected.place.record == "entry[4]"
    assert all(not item.resources for item in items if item.rejected)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "history"}, "bundle-unreadable"),
        ({"type": ["batch"]}, "bundle-unreadable"),
        ({"entry": {}}, "bundle-unreadable"),
        ({"fhirVersion": "4.3.0"}, "fhir-version-unsupported"),
    ],
)
def test_a_bundle_that_cant_be_taken_apart_is_rejected_whole(read_bytes: Any, change: Any, code: Any) -> None:
    item = one(read_bytes(dump({"resourceType": "Bundle", "type": "batch", "entry": [{}], **change})))
    assert (item.origin.record, item.rejected.code) == ("", code)


def test_an_empty_bundle_and_a_search_outcome_are_noted(read_bytes: Any) -> None:
    assert one(read_bytes(bundle())).findings[0].code == "bundle-empty"
    outcome = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
    item = one(read_bytes(bundle(outcome, type="searchset")))
    assert (item.resources, item.findings[0].code) == ((), "bundle-search-outcome")


def test_a_resource_of_another_version_is_named_and_rejected(read_bytes: Any) -> None:
    other = dump({"resourceType": "CapabilityStatement", "id": "1", "fhirVersion": "5.0.0"})
    assert one(read_bytes(other)).rejected.code == "fhir-version-unsupported"
    own = dump({"resourceType": "CapabilityStatement", "id": "1", "fhirVersion": "4.0.1"})
    assert one(read_bytes(own)).rejected is None
    guide = dump({"resourceType": "ImplementationGuide", "id": "1", "fhirVersion": ["3.0.2", "4.0.1"]})
    assert one(read_bytes(guide)).rejected is None


def test_a_bad_line_stops_only_itself(read_bytes: Any) -> None:
    lines = [
        b'\xef\xbb\xbf{"resourceType":"Patient","id":"1"}',
        b'{"resourceType":"Patient","id":',
        b"",
        b"[1]",
        b'{"id":"4"}',
        b'{"resourceType":"Patient","id":"\xff"}',
        b'{"resourceType":"Patient","x":' + b"[" * 5000,
        b'{"resourceType":"Patient","id":"7"}\r',
    ]
    items = read_bytes(b"\n".join(lines), "a.ndjson")
    assert [(item.origin.record, item.rejected.code if item.rejected else "") for item in items] == [
        ("line 1", ""),
        ("line 2", "json-broken"),
        ("line 4", "resource-missing"),
        ("line 5", "resource-missing"),
        ("line 6", "json-broken"),
        ("line 7", "json-broken"),
        ("line 8", ""),
    ]


def test_a_broken_first_line_does_not_hide_the_others(read_bytes: Any) -> None:
    items = read_bytes(b'{broken\n{"resourceType":"Patient","id":"1"}\n', "a.ndjson")
    assert [item.rejected is None for item in items] == [False, True]


def test_lines_may_hold_bundles(read_bytes: Any) -> None:
    line = bundle({"resource": {"resourceType": "Patient", "id": "1"}})
    items = read_bytes(line + b"\n" + line)
    assert [item.origin.record for item in items] == ["line 1 entry[0]", "line 2 entry[0]"]


def test_a_long_line_is_rejected_and_the_next_is_read(read_bytes: Any) -> None:
    lines = (
        b'{"resourceType":"Patient","id":"1"}\n{"x":"' + b"a" * 3000 + b'"}\n{"resourceType":"Patient","id":"2"}\n'
    )
    items = read_bytes(lines, "a.ndjson", settings=Settings(max_record_bytes=1000))
    assert [item.rejected.code if item.rejected else "" for item in items] == ["", "record-too-large", ""]


def test_lines_and_documents_longer_than_the_head_are_told_apart(read_bytes: Any) -> None:
    filler = "a" * (3 << 19)
    line = dump({"resourceType": "Patient", "id": "1", "x": filler})
    assert [item.origin.record for item in read_bytes(line)] == ["line 1"]
    assert [item.origin.record for item in read_bytes(line + b"\n" + line)] == ["line 1", "line 2"]
    entries = [{"resource": {"resourceType": "Patient", "id": str(n), "x": "a" * 100_000}} for n in range(20)]
    pretty = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}, indent=1).encode()
    assert len(read_bytes(pretty)) == 20
    assert one(read_bytes(pretty[:-3])).rejected.code == "json-broken"
    short = b'{"resourceType":"Patient","id":"1"}\n' * 50_000
    assert len(read_bytes(short)) == 50_000


def test_a_document_above_the_limit_is_rejected(read_bytes: Any) -> None:
    item = one(read_bytes(b'{"resourceType":"Patient",\n"id":"1"}', settings=Settings(max_record_bytes=10)))
    assert item.rejected is None  # it is within the head, which is read in any case
    large = b'{"resourceType":"Patient",\n"x":"' + b"a" * (2 << 20) + b'"}'
    item = one(read_bytes(large, settings=Settings(max_record_bytes=1 << 20)))
    assert item.rejected.code == "record-too-large"


def test_the_same_bytes_give_the_same_resources(read_bytes: Any) -> None:
    data = bundle({"resource": {"resourceType": "Patient", "gender": "male", "name": [{"text": "Đỗ"}]}})
    first, again = (canonical.encode(one(read_bytes(data)).resources[0]) for _ in range(2))
    assert first == again
    assert unicodedata.is_normalized("NFC", first.decode())


def test_deep_extensions_are_rejected_and_not_a_crash(read_bytes: Any) -> None:
    text = '{"url":"u"}'
    for _ in range(440):
        text = '{"url":"u","extension":[' + text + "]}"
    deep = '{"resourceType":"Patient","id":"1","extension":[' + text + "]}"
    items = read_bytes((deep + '\n{"resourceType":"Patient","id":"2"}\n').encode(), "a.ndjson")
    assert items[1].rejected is None
    assert items[0].rejected is None or items[0].rejected.code in ("resource-too-deep", "json-broken")
