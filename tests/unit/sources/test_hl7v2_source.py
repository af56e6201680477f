"""HL7 v2 becomes FHIR: what each segment gives, what the keys are, what is refused, and how far a fault reaches."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lienthong.core.finding import Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.core.settings import Settings
from lienthong.fhir import validate
from lienthong.sources import Converted, LeftOut

Reader = Callable[..., list[Converted | LeftOut]]
VISIT = "PV1|1|I|NOI^201^2^BVA|E|||BS1^Trần^Bình^^^^^^CCHN||||||||||||V1^^^BVA|||||||||||||||||||||||||20260310081500"
PERSON = (
    "PID|1||079170000009^^^CCCD^NI~BN1^^^BVA^MR~HT201^^^BHYT^HC||Nguyễn^An^Văn^^^^L||19700102|M|||"
    "12 Lê Lợi^^Huế^^^VN^H||0905000001^PRN^CP||VI|M"
)


def message(*segments: str, kind: str = "ADT^A01", key: str = "M1", when: str = "20260310081500") -> bytes:
    header = f"MSH|^~\\&|HIS|BVA^1.2.3^ISO|||{when}||{kind}|{key}|P|2.5"
    return "\r".join((header, *segments)).encode() + b"\r"


def results(*segments: str, key: str = "R1") -> bytes:
    order = (
        "OBR|1|P1^HIS|F1^LAB|CBC^Công thức máu^L|R||20260310090000|||||||||BS1^Trần^Bình||||||20260310091000||HM|F"
    )
    return message(PERSON, "PV1|1|I|||||||||||||||||V1^^^BVA", order, *segments, kind="ORU^R01^ORU_R01", key=key)


class Read:
    """What one message became, by type."""

    def __init__(self, item: Converted | LeftOut) -> None:
        assert isinstance(item, Converted)
        self.item = item
        self.codes = [finding.code for finding in item.findings]
        for body in item.resources:
            assert [found for found in validate(body) if found.severity is Severity.ERROR] == []

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [body for body in self.item.resources if body["resourceType"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        (body,) = self.all(kind)
        return body


@pytest.fixture
def read(read_bytes: Reader) -> Callable[..., Read]:
    def read_one(data: bytes, **options: object) -> Read:
        (item,) = read_bytes(data, "a.hl7", **options)
        return Read(item)

    return read_one


def test_the_patient_has_the_facilitys_number_as_key_and_never_a_national_one(read: Callable[..., Read]) -> None:
    found = read(message(PERSON, VISIT))
    patient = found.one("Patient")
    key = "urn:x-lienthong:BVA:authority:BVA|BN1"
    assert patient["id"] == resource_id("BVA", "Patient", key)
    systems = Settings().systems
    assert [(item["system"], item["value"]) for item in patient["identifier"]] == [
        (key_system("BVA", "Patient"), key),
        (systems.national_id, "079170000009"),
        ("urn:x-lienthong:BVA:authority:BVA", "BN1"),
        (systems.insurance_card, "HT201"),
    ]
    assert patient["name"] == [{"use": "official", "family": "Nguyễn", "given": ["An", "Văn"]}]
    assert (patient["birthDate"], patient["gender"]) == ("1970-01-02", "male")
    assert patient["telecom"] == [{"system": "phone", "value": "0905000001", "use": "mobile"}]
    assert patient["address"] == [{"use": "home", "line": ["12 Lê Lợi"], "city": "Huế", "country": "VN"}]
    name = f"Patient/{patient['id']}"
    assert found.item.origin.fields[name] == "PID"
    assert found.item.origin.fields[f"{name}#birthDate"] == "PID-7"
    assert (found.item.origin.record, found.item.origin.source, found.codes) == ("M1", "BVA", [])


@pytest.mark.parametrize("numbers", ["079170000009^^^CCCD^NI", "1^^^^SS", "1^^^SSA", "V9^^^BVA^VN", ""])
def test_without_a_number_of_the_facility_the_patient_stands_alone(read: Callable[..., Read], numbers: str) -> None:
    found = read(message(f"PID|1||{numbers}||A^B"))
    assert found.codes == ["hl7v2-patient-key-missing"]
    assert found.one("Patient")["id"] == resource_id("BVA", "Patient", "message|M1")


def test_what_was_born_with_a_time_died_and_is_explicitly_nothing(read: Callable[..., Read]) -> None:
    pid = 'PID|1||BN1||A^B||197001021530|U|||""||||||""||||||Huế|Y|2||||20260309|Y'
    patient = read(message(pid)).one("Patient")
    assert patient["_birthDate"]["extension"][0]["valueDateTime"] == "1970-01-02T15:30:00+07:00"
    assert (patient["multipleBirthInteger"], patient["deceasedDateTime"]) == (2, "2026-03-09")
    assert patient["gender"] == "unknown"
    assert {"address", "deceasedBoolean", "religion"}.isdisjoint(patient)
    assert patient["extension"][0]["valueAddress"] == {"text": "Huế"}


def test_the_visit_its_places_people_and_times(read: Callable[..., Read]) -> None:
    found = read(message(PERSON, VISIT, "PV2|||R10^Đau bụng^I10"))
    visit = found.one("Encounter")
    assert visit["id"] == resource_id("BVA", "Encounter", "urn:x-lienthong:BVA:authority:BVA|V1")
    assert (visit["status"], visit["class"]["code"]) == ("in-progress", "IMP")
    assert visit["period"] == {"start": "2026-03-10T08:15:00+07:00"}
    assert visit["type"][0]["coding"][0]["code"] == "E"
    assert visit["participant"][0]["type"][0]["coding"][0]["code"] == "ATND"
    assert visit["reasonCode"][0]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10"
    assert [place["name"] for place in found.all("Location")] == ["BVA", "NOI", "201", "2"]
    bed = found.all("Location")[-1]
    assert visit["location"] == [{"location": {"reference": f"Location/{bed['id']}"}, "status": "active"}]
    practitioner = found.one("Practitioner")
    assert practitioner["name"] == [{"family": "Trần", "given": ["Bình"]}]
    sender = found.one("Organization")
    assert visit["serviceProvider"] == {"reference": f"Organization/{sender['id']}"}
    assert sender["identifier"][1] == {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"}


@pytest.mark.parametrize(
    ("event", "status"),
    [
        *((event, "in-progress") for event in ("A01", "A02", "A04", "A08", "A12", "A13")),
        *(("A03", "finished"), ("A05", "planned"), ("A11", "cancelled"), ("A23", "entered-in-error")),
    ],
)
def test_the_event_says_how_the_visit_stands(read: Callable[..., Read], event: str, status: str) -> None:
    assert read(message(PERSON, VISIT, kind=f"ADT^{event}")).one("Encounter")["status"] == status


def test_a_visit_without_number_has_its_begin_or_its_message_as_key(read: Callable[..., Read]) -> None:
    patient = "urn:x-lienthong:BVA:authority:BVA|BN1"
    begun = read(message(PERSON, "PV1|1|O" + "|" * 42 + "20260310"))
    assert begun.one("Encounter")["id"] == resource_id("BVA", "Encounter", f"{patient}/20260310")
    bare = read(message(PERSON, "PV1|1|O|NOI"))
    assert bare.one("Encounter")["id"] == resource_id("BVA", "Encounter", f"{patient}/message|M1")
    assert bare.codes == ["hl7v2-visit-key-missing"]
    assert read(message(PERSON, "PV1|1|N")).all("Encounter") == []


def test_relatives_allergies_diagnoses_and_insurance(read: Callable[..., Read]) -> None:
    found = read(
        message(
            PERSON,
            VISIT,
            "NK1|1|Trần^Hoa|SPO^Spouse^HL70063|12 Lê Lợi|0905000002",
            "AL1|1|DA|PEN^Penicillin|SV|Nổi mẩn~Khó thở|2020",
            "DG1|1|I10|I10^Tăng huyết áp||20260310|A|||||||||1|BS1^Trần^Bình^^^^^^CCHN",
            "DG1|2||E11^^I10|Đái tháo đường",
            "IN1|1|BHYT^BHYT|BHXH|Bảo hiểm xã hội||||||||20260101|20261231||||SEL" + "|" * 19 + "HT2010000000009",
        )
    )
    related = found.one("RelatedPerson")
    assert related["relationship"][0]["coding"][0]["code"] == "SPS"
    allergy = found.one("AllergyIntolerance")
    assert (allergy["category"], allergy["criticality"], allergy["onsetDateTime"]) == (["medication"], "high", "2020")
    assert [item["text"] for item in allergy["reaction"][0]["manifestation"]] == ["Nổi mẩn", "Khó thở"]
    first, second = found.all("Condition")
    assert first["code"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10"
    assert second["code"] == {
        "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}],
        "text": "Đái tháo đường",
    }
    visit = found.one("Encounter")
    assert visit["diagnosis"][0]["rank"] == 1
    assert [item["condition"]["reference"] for item in visit["diagnosis"]] == [
        f"Condition/{first['id']}",
        f"Condition/{second['id']}",
    ]
    coverage = found.one("Coverage")
    assert coverage["identifier"][1] == {"system": Settings().systems.insurance_card, "value": "HT2010000000009"}
    assert "HT2010000000009" not in coverage["identifier"][0]["value"]
    assert coverage["period"] == {"start": "2026-01-01", "end": "2026-12-31"}


def test_results_have_value_unit_range_flag_time_and_belong_to_their_report(read: Callable[..., Read]) -> None:
    found = read(
        results(
            "NTE|1||Mẫu tốt",
            "OBX|1|NM|718-7^Hemoglobin^LN||13.50|g/dL|12.0-16.0|H|||F|||20260310090500",
            "NTE|1||Kiểm tra lại",
            "OBX|2|SN|1^A^L||>^100|mg/dL|<200||||P",
            "SPM|1|S1&HIS^S2&LAB||BLD^Blood^HL70487|||||||||||||20260310085500",
        )
    )
    report, request, specimen = (found.one(kind) for kind in ("DiagnosticReport", "ServiceRequest", "Specimen"))
    first, second = found.all("Observation")
    assert first["valueQuantity"] == {
        "value": Decimal("13.50"),
        "unit": "g/dL",
        "system": "http://unitsofmeasure.org",
        "code": "g/dL",
    }
    assert str(first["valueQuantity"]["value"]) == "13.50"
    assert first["referenceRange"][0]["low"]["value"] == Decimal("12.0")
    assert first["interpretation"][0]["coding"][0]["code"] == "H"
    assert (first["status"], first["effectiveDateTime"]) == ("final", "2026-03-10T09:05:00+07:00")
    assert first["note"] == [{"text": "Kiểm tra lại"}]
    assert first["category"][0]["coding"][0]["code"] == "laboratory"
    assert second["effectiveDateTime"] == "2026-03-10T09:00:00+07:00"
    assert (second["valueQuantity"]["comparator"], second["status"]) == (">", "preliminary")
    assert second["referenceRange"][0]["high"]["value"] == Decimal(200)
    assert request["note"] == [{"text": "Mẫu tốt"}]
    assert (request["status"], report["status"]) == ("completed", "final")
    assert report["result"] == [{"reference": f"Observation/{body['id']}"} for body in (first, second)]
    assert report["issued"] == "2026-03-10T09:10:00+07:00"
    assert report["id"] == resource_id("BVA", "DiagnosticReport", "urn:x-lienthong:BVA:authority:LAB|F1/CBC")
    assert report["specimen"] == [{"reference": f"Specimen/{specimen['id']}"}] == [first["specimen"]]
    assert specimen["type"]["coding"][0]["system"].endswith("v2-0487")
    assert found.item.origin.fields[f"Observation/{second['id']}"] == "OBX[2]"
    assert found.item.origin.fields[f"Observation/{first['id']}#valueQuantity"] == "OBX[1]-5"
    assert found.codes == []


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        ("NM", "-.5", {"valueQuantity": {"value": Decimal("-0.5")}}),
        ("NM", "<0.1", {"valueQuantity": {"value": Decimal("0.1"), "comparator": "<"}}),
        ("SN", "^1^:^128", {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}),
        ("SN", "^1^-^5", {"valueRange": {"low": {"value": 1}, "high": {"value": 5}}}),
        ("SN", "^2^+", {"valueString": "2 +"}),
        ("SN", "<>^3", {"valueString": "<> 3"}),
        ("ST", "a\\S\\b", {"valueString": "a^b"}),
        ("TX", "one~two", {"valueString": "one\ntwo"}),
        ("FT", "one\\.br\\two", {"valueString": "one\ntwo"}),
        ("CWE", "A^^LN", {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "A"}]}}),
        ("CE", "^Only text", {"valueCodeableConcept": {"text": "Only text"}}),
        ("IS", "Y", {"valueCodeableConcept": {"coding": [{"code": "Y"}]}}),
        ("DT", "202603", {"valueDateTime": "2026-03"}),
        ("TS", "202603100815", {"valueDateTime": "2026-03-10T08:15:00+07:00"}),
        ("DTM", "tomorrow", {"valueString": "tomorrow"}),
        ("TM", "0815", {"valueTime": "08:15:00"}),
        ("DR", "2025^2026", {"valuePeriod": {"start": "2025", "end": "2026"}}),
        ("NR", "1^2", {"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}),
        ("XPN", "A^B", {"valueString": "A B"}),
        ("", "free", {"valueString": "free"}),
        ("NM", '""', {}),
    ],
)  # fmt: skip
def test_values_by_their_type(read: Callable[..., Read], kind: str, value: str, meant: dict[str, Any]) -> None:
    found = read(results(f"OBX|1|{kind}|X||{value}||||||F"))
    body = found.one("Observation")
    assert {name: item for name, item in body.items() if name.startswith("value")} == meant
    assert found.codes == []


def test_documents_are_attachments(read: Callable[..., Read]) -> None:
    found = read(
        results(
            "OBX|1|ED|PDF||^application^pdf^Base64^SGVs bG8=||||||F",
            "OBX|2|ED|PDF||^TEXT^plain^A^Xin chào||||||F",
            "OBX|3|ED|PDF||^x^PDF^Base64^%%%||||||F",
            "OBX|4|RP|IMG||https://a.example/1^^image^JPEG||||||F",
        )
    )
    attachments = [body["extension"][0]["valueAttachment"] for body in found.all("Observation")]
    assert attachments == [
        {"contentType": "application/pdf", "data": "SGVsbG8="},
        {"contentType": "text/plain", "data": "WGluIGNow6Bv"},
        {"contentType": "application/pdf", "data": "JSUl"},
        {"contentType": "image/jpeg", "url": "https://a.example/1"},
    ]
    assert found.codes == ["hl7v2-data-encoding"]


def test_a_value_that_is_not_what_it_says_is_kept_as_text_with_a_finding(read: Callable[..., Read]) -> None:
    found = read(results("OBX|1|NM|X||rất cao||||||F|||not a date"))
    assert found.one("Observation")["valueString"] == "rất cao"
    assert sorted(found.codes) == ["hl7v2-date-wrong", "hl7v2-number-wrong"]
    told = [str(finding.to_json()) for finding in found.item.findings]
    assert not any("rất cao" in text or "not a date" in text for text in told)
    place = next(finding.place for finding in found.item.findings if finding.code == "hl7v2-number-wrong")
    assert (place.file, place.record, place.table, place.row, place.field) == ("a.hl7", "R1", "OBX", "1", "OBX-5")


def test_lines_without_a_code_have_that_of_their_report_and_numbers_that_repeat_stay_apart(
    read: Callable[..., Read],
) -> None:
    found = read(results("OBX||TX|||Dòng một||||||F", "OBX||TX|||Dòng hai||||||F", "OBX|1|NM|X||1~2||||||F"))
    lines = found.all("Observation")
    assert len({body["id"] for body in lines}) == 3
    assert lines[0]["code"]["coding"][0]["code"] == "CBC"
    assert [part["valueQuantity"]["value"] for part in lines[2]["component"]] == [1, 2]


def test_a_correction_is_the_same_observation_and_a_repeated_message_the_same_resources(
    read: Callable[..., Read],
) -> None:
    first = read(results("OBX|1|NM|718-7^Hb^LN||13|g/dL|||||F"))
    again = read(results("OBX|1|NM|718-7^Hb^LN||13|g/dL|||||F"))
    corrected = read(results("OBX|1|NM|718-7^Hb^LN||14|g/dL|||||C", key="R2"))
    assert first.item.resources == again.item.resources
    assert first.one("Observation")["id"] == corrected.one("Observation")["id"]
    assert corrected.one("Observation")["status"] == "corrected"


def test_a_merge_links_both_registrations(read: Callable[..., Read]) -> None:
    found = read(message(PERSON, "MRG|BN0^^^BVA^MR", kind="ADT^A40^ADT_A39"))
    kept, replaced = found.all("Patient")
    assert kept["link"] == [{"other": {"reference": f"Patient/{replaced['id']}"}, "type": "replaces"}]
    assert replaced["link"] == [{"other": {"reference": f"Patient/{kept['id']}"}, "type": "replaced-by"}]
    assert (replaced["active"], replaced["birthDate"]) == (False, "1970-01-02")
    assert replaced["id"] == resource_id("BVA", "Patient", "urn:x-lienthong:BVA:authority:BVA|BN0")


def test_a_merge_of_several_and_one_that_merges_nothing(read: Callable[..., Read]) -> None:
    found = read(message(PERSON, "MRG|BN0^^^BVA^MR", "PID|2||BN5^^^BVA^MR", "MRG|BN5^^^BVA^MR", kind="ADT^A40"))
    assert len(found.all("Patient")) == 3
    assert found.codes == ["hl7v2-merge-itself"]
    assert "hl7v2-merge-key-missing" in read(message(PERSON, "MRG|1^^^^SS", kind="ADT^A40")).codes


def test_the_zone_of_the_message_holds_for_times_without_one(read: Callable[..., Read]) -> None:
    found = read(message(PERSON, VISIT, when="20260310081500-0500"))
    assert found.one("Encounter")["period"]["start"] == "2026-03-10T08:15:00-05:00"
    other = read(message(PERSON, VISIT), settings=Settings(offset="+09:00"))
    assert other.one("Encounter")["period"]["start"] == "2026-03-10T08:15:00+09:00"


def test_the_source_is_the_given_one_else_the_facility_else_the_settings(read: Callable[..., Read]) -> None:
    assert read(message(PERSON), source="nguon").item.origin.source == "nguon"
    bare = message(PERSON).replace(b"BVA^1.2.3^ISO", b"")
    assert read(bare, settings=Settings(source="here")).item.origin.source == "here"


def test_results_of_something_else_than_a_patient(read: Callable[..., Read]) -> None:
    data = message("OBR|1||F9|WATER", "OBX|1|NM|PH||7.1||||||F", kind="ORU^R01")
    found = read(data)
    assert found.one("Observation")["valueQuantity"] == {"value": Decimal("7.1")}
    assert (found.all("Patient"), found.all("ServiceRequest")) == ([], [])


def test_segments_that_are_not_mapped_are_named_once(read: Callable[..., Read]) -> None:
    found = read(message(PERSON, "ZPI|1|bí mật", "ZPI|2|bí mật", "PR1|1", VISIT))
    (finding,) = found.item.findings
    assert (finding.severity, finding.code) == (Severity.INFORMATION, "hl7v2-segment-not-mapped")
    assert "PR1, ZPI" in finding.message
    assert "bí mật" not in str(finding.to_json())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (message(PERSON, kind="SIU^S12"), "hl7v2-type-not-read"),
        (message(PERSON, kind="ADT^A17"), "hl7v2-type-not-read"),
        (message(PERSON, kind="ORU^R30"), "hl7v2-type-not-read"),
        (message("EVN|A01"), "hl7v2-patient-missing"),
        (message(kind="ORU^R01"), "hl7v2-patient-missing"),
        (message(PERSON).replace(b"|P|2.5", b"|P|3.0"), "hl7v2-version-unsupported"),
        (message("PID|1||BN1||M\xfcller").decode().encode("latin-1"), "hl7v2-charset-wrong"),
        (message(PERSON).replace(b"^~\\&", b"^^^^"), "hl7v2-header-broken"),
    ],
)
def test_what_is_refused_is_named_and_does_not_stop_the_next(read_bytes: Reader, data: bytes, code: str) -> None:
    first, second = read_bytes(data + message(PERSON, key="M2"), "a.hl7")
    assert isinstance(first, Converted)
    assert first.rejected
    assert (first.rejected.code, first.resources) == (code, ())
    assert "Müller" not in str(first.rejected.to_json())
    assert isinstance(second, Converted)
    assert (second.origin.record, second.rejected) == ("M2", None)


def test_a_type_that_is_not_read_says_so_and_what_comes(read_bytes: Reader) -> None:
    (item,) = read_bytes(message(PERSON, kind="VXU^V04"), "a.hl7")
    assert isinstance(item, Converted)
    assert item.rejected
    assert item.rejected.message.startswith("Messages of this type are not read yet (VXU^V04).")
    assert "lienthong retry" in item.rejected.cure
    assert item.origin.record == "M1"


def test_messages_without_control_id_and_with_the_same(read_bytes: Reader) -> None:
    data = message(PERSON, key="") + message(PERSON) + message(PERSON) + message(PERSON, VISIT)
    items = [Read(item) for item in read_bytes(data, "a.hl7")]
    assert [item.codes for item in items] == [["hl7v2-control-id-missing"], [], [], ["hl7v2-control-id-twice"]]
    assert len(items[0].item.origin.record) == 64


def test_a_batch_that_holds_less_than_it_announces(read_bytes: Reader) -> None:
    data = b"BHS|^~\\&|x\r" + message(PERSON) + b"BTS|2\r"
    (item,) = read_bytes(data, "a.hl7")
    assert Read(item).codes == ["hl7v2-count-differs"]


def test_notes_that_have_no_place_are_named(read: Callable[..., Read]) -> None:
    (finding,) = read(message(PERSON, "NTE|1||bí mật", VISIT)).item.findings
    assert "NTE" in finding.message


@pytest.mark.parametrize(
    ("segment", "count", "is_refused"),
    [
        ("goes on", 90_000, False),
        ("ZZZ|1", 90_000, False),
        ("ZZZ|1", 110_000, True),
        ("OBX|1|TX|X||a" + "~a" * 90_000, 1, False),
        ("OBX|1|TX|X||a" + "~a" * 110_000, 1, True),
        ("PV1|1|I|||||" + "~".join(f"B{number}^X" for number in range(5_000)), 1, False),
        ("MRG|" + "~".join(f"B{number}" for number in range(5_000)), 1, False),
        ("OBX|1|TX|X||" + "^" * 3_000_000, 1, True),
    ],
)
def test_messages_made_to_exhaust_us_take_seconds_at_most(
    read_bytes: Reader, segment: str, count: int, is_refused: bool
) -> None:
    begun = time.process_time()
    (item,) = read_bytes(message(PERSON, *[segment] * count, kind="ADT^A40"), "a.hl7")
    assert isinstance(item, Converted)
    assert (item.rejected.code if item.rejected else "") == ("hl7v2-message-too-many-parts" if is_refused else "")
    assert time.process_time() - begun < 10


def test_a_batch_without_messages_is_no_export_and_takes_no_memory(read_bytes: Reader) -> None:
    data = b"BHS|^~\\&|x\r" + b"nothing " * (1 << 20)
    tracemalloc.start()
    (item,) = read_bytes(data, "a.hl7")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(item, Converted)
    assert item.rejected
    assert item.rejected.code == "file-no-export"
    assert peak < 2 * len(data)


def test_a_message_beyond_the_limit_is_rejected_alone(read_bytes: Reader) -> None:
    data = message(PERSON, "OBX|1|ST|X||" + "A" * 5_000_000) + message(PERSON, key="M2")
    first, second = read_bytes(data, "a.hl7", settings=Settings(max_record_bytes=1 << 20))
    assert isinstance(first, Converted)
    assert first.rejected
    assert (first.origin.record, first.rejected.code) == ("message 1", "hl7v2-message-too-large")
    assert Read(second).item.origin.record == "M2"


def test_a_broken_file_of_this_name_is_no_silence(read_bytes: Reader) -> None:
    (item,) = read_bytes(b"\x00\x01", "a.hl7", given=False)
    assert isinstance(item, Converted)
    assert item.rejected
    assert item.rejected.code == "file-broken"
