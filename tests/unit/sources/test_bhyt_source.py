"""A claim becomes FHIR: what each field gives, what is tolerated, and how far a fault reaches."""

from __future__ import annotations

import json
import time
import unicodedata
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.core.settings import Settings
from lienthong.fhir import validate
from lienthong.sources import Converted

DRUG = {
    "MA_THUOC": "40.17",
    "MA_NHOM": "4",
    "TEN_THUOC": "Thuốc A",
    "DON_VI_TINH": "Viên",
    "HAM_LUONG": "5mg",
    "DUONG_DUNG": "1.01",
    "LIEU_DUNG": "1 viên/ngày",
    "SO_DANG_KY": "VD-1",
    "TT_THAU": "1;G1;N1;2026",
    "PHAM_VI": "1",
    "TYLE_TT_BH": "100",
    "SO_LUONG": "30",
    "DON_GIA": "2333.333",
    "THANH_TIEN_BV": "69999.99",
    "THANH_TIEN_BH": "69999.99",
    "T_NGUONKHAC_NSNN": "0",
    "T_NGUONKHAC_VTNN": "0",
    "T_NGUONKHAC_VTTN": "0",
    "T_NGUONKHAC_CL": "0",
    "T_NGUONKHAC": "0",
    "MUC_HUONG": "80",
    "T_BNTT": "0",
    "T_BNCCT": "0",
    "T_BHTT": "0",
    "MA_KHOA": "K01",
    "MA_BAC_SI": "001/CCHN",
    "NGAY_YL": "202608031000",
    "MA_PTTT": "1",
    "NGUON_CTRA": "1",
}
SERVICE = {
    "MA_DICH_VU": "23.0075.1494",
    "MA_NHOM": "1",
    "TEN_DICH_VU": "Định lượng Glucose",
    "DON_VI_TINH": "Lần",
    "PHAM_VI": "1",
    "SO_LUONG": "1",
    "DON_GIA_BV": "22400",
    "DON_GIA_BH": "22400",
    "TYLE_TT_DV": "100",
    "TYLE_TT_BH": "100",
    "THANH_TIEN_BV": "22400",
    "THANH_TIEN_BH": "22400",
    "MUC_HUONG": "80",
    "T_NGUONKHAC_NSNN": "0",
    "T_NGUONKHAC_VTNN": "0",
    "T_NGUONKHAC_VTTN": "0",
    "T_NGUONKHAC_CL": "0",
    "T_NGUONKHAC": "0",
    "T_BNTT": "0",
    "T_BNCCT": "0",
    "T_BHTT": "0",
    "MA_KHOA": "K01",
    "MA_BAC_SI": "001/CCHN",
    "NGUOI_THUC_HIEN": "002/CCHN;003/CCHN",
    "MA_BENH": "I10",
    "NGAY_YL": "202608030900",
    "NGAY_TH_YL": "202608030905",
    "MA_PTTT": "1",
}
RESULT = {
    "MA_DICH_VU": "23.0075.1494",
    "MA_CHI_SO": "2300751",
    "TEN_CHI_SO": "Glucose",
    "GIA_TRI": "9.80",
    "DON_VI_DO": "mmol/L",
    "KET_LUAN": "Tăng",
    "NGAY_KQ": "202608030950",
    "MA_BS_DOC_KQ": "002/CCHN",
}
NOTE = {"DIEN_BIEN_LS": "M: 96; HA: 130/80", "THOI_DIEM_DBLS": "202608030850", "NGUOI_THUC_HIEN": "001/CCHN"}


def one(items: Any) -> Any:
    (item,) = items
    assert isinstance(item, Converted)
    return item


def of(item: Converted, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in item.resources if resource["resourceType"] == kind]


def codes(item: Converted, least: Severity = Severity.WARNING) -> list[str]:
    grave = {Severity.ERROR} if least is Severity.ERROR else {Severity.ERROR, Severity.WARNING}
    return [finding.code for finding in item.findings if finding.severity in grave]


def everything(bhyt: Any) -> Any:
    return bhyt.claim({"MA_BENH_KT": "E11.9;I10"}, XML2=[DRUG], XML3=[SERVICE], XML4=[RESULT], XML5=[NOTE])


def test_a_clean_claim_has_no_finding_and_every_resource_is_valid(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(everything(bhyt), "a.xml"))
    assert item.findings == ()
    assert item.rejected is None
    kinds = [resource["resourceType"] for resource in item.resources]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "Claim": 1,
        "Condition": 2,
        "Coverage": 1,
        "DiagnosticReport": 1,
        "Encounter": 1,
        "MedicationRequest": 1,
        "Observation": 5,  # weight, glucose, note, blood pressure, pulse
        "Organization": 1,
        "Patient": 1,
        "Practitioner": 3,
        "ServiceRequest": 1,
    }
    for resource in item.resources:
        assert [finding for finding in validate(resource) if finding.severity is Severity.ERROR] == []


def test_every_reference_leads_to_a_resource_of_the_record(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(everything(bhyt)))
    text = canonical.encode(list(item.resources)).decode()
    here = {f"{resource['resourceType']}/{resource['id']}" for resource in item.resources}
    named = {part.split('"')[0] for part in text.split('"reference":"')[1:]}
    assert named <= here
    assert len(named) > 8


def test_the_patient(bhyt: Any, read_bytes: Any) -> None:
    (patient,) = of(one(read_bytes(bhyt.claim({"DIEN_THOAI": "0900000000"}))), "Patient")
    assert patient["id"] == resource_id("99999", "Patient", "BN1")
    assert [(item.get("system"), item["value"]) for item in patient["identifier"]] == [
        (key_system("99999", "Patient"), "BN1"),
        ("http://fhir.hl7.org.vn/core/sid/cccd", "001165000009"),
        ("http://fhir.hl7.org.vn/core/sid/bhyt", "HT2010000000009"),
    ]
    assert patient["name"] == [
        {"use": "official", "text": "Trần Thị Bình", "family": "Trần", "given": ["Thị", "Bình"]}
    ]
    assert (patient["gender"], patient["birthDate"]) == ("female", "1965-05-17")
    assert patient["address"][0]["text"] == "Xóm 1"
    assert patient["telecom"] == [{"system": "phone", "value": "0900000000"}]


@pytest.mark.parametrize(("born", "date"), [("196500000000", "1965"), ("196505000000", "1965-05")])
def test_a_birth_date_keeps_its_precision(bhyt: Any, read_bytes: Any, born: Any, date: Any) -> None:
    (patient,) = of(one(read_bytes(bhyt.claim({"NGAY_SINH": born}))), "Patient")
    assert patient["birthDate"] == date
    assert "_birthDate" not in patient


def test_a_newborns_time_of_birth_is_kept(bhyt: Any, read_bytes: Any) -> None:
    (patient,) = of(one(read_bytes(bhyt.claim({"NGAY_SINH": "202608030715"}))), "Patient")
    assert patient["_birthDate"]["extension"][0]["valueDateTime"] == "2026-08-03T07:15:00+07:00"
    assert [finding.code for finding in validate(patient) if finding.severity is Severity.ERROR] == []


def test_identifier_systems_and_the_facilitys_name_are_settings(bhyt: Any, read_bytes: Any) -> None:
    settings = Settings(
        identifiers="ehealth", facilities=MappingProxyType({"99999": "Trạm y tế Thử"}), offset="+08:00"
    )
    item = one(read_bytes(bhyt.claim(), settings=settings))
    assert of(item, "Patient")[0]["identifier"][1]["system"].startswith("http://fhir.ehealth.gov.vn/")
    assert of(item, "Organization")[0]["name"] == "Trạm y tế Thử"
    assert of(item, "Encounter")[0]["period"]["start"] == "2026-08-03T08:45:00+08:00"


def test_the_visit(bhyt: Any, read_bytes: Any) -> None:
    changes = {"MA_LOAI_KCB": "03", "MA_BENH_KT": "E11.9", "KET_QUA_DTRI": "5", "MA_NOI_DEN": "01001"}
    item = one(read_bytes(bhyt.claim(changes)))
    (encounter,) = of(item, "Encounter")
    assert encounter["id"] == resource_id("99999", "Encounter", "LK1")
    assert {"system": key_system("99999", "Encounter"), "value": "LK1"} in encounter["identifier"]
    assert encounter["class"]["code"] == "IMP"
    assert encounter["status"] == "finished"
    assert encounter["period"] == {"start": "2026-08-03T08:45:00+07:00", "end": "2026-08-03T10:15:00+07:00"}
    assert [diagnosis["rank"] for diagnosis in encounter["diagnosis"]] == [1, 2]
    dispositions = encounter["hospitalization"]["dischargeDisposition"]["coding"]
    assert [coding["code"] for coding in dispositions] == ["1", "exp"]
    assert of(item, "Patient")[0]["deceasedBoolean"] is True
    conditions = {condition["code"]["coding"][0]["code"]: condition for condition in of(item, "Condition")}
    assert conditions.keys() == {"I10", "E11.9"}
    assert conditions["I10"]["code"]["text"] == "Tăng huyết áp"
    assert "text" not in conditions["E11.9"]["code"]


def test_drugs_services_results_and_notes(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(everything(bhyt)))
    (drug,) = of(item, "MedicationRequest")
    assert [coding["code"] for coding in drug["medicationCodeableConcept"]["coding"]] == ["40.17", "VD-1"]
    assert drug["medicationCodeableConcept"]["text"] == "Thuốc A 5mg"
    assert drug["dispenseRequest"]["quantity"] == {"value": Decimal(30), "unit": "Viên"}
    assert drug["dosageInstruction"][0]["text"] == "1 viên/ngày"
    (test,) = of(item, "ServiceRequest")
    assert (test["authoredOn"], test["occurrenceDateTime"]) == (
        "2026-08-03T09:00:00+07:00",
        "2026-08-03T09:05:00+07:00",
    )
    assert len(test["performer"]) == 2
    (report,) = of(item, "DiagnosticReport")
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{test['id']}"}]
    assert report["code"]["coding"][0]["code"] == "11502-2"
    observations = {
        item["code"].get("text") or item["code"]["coding"][0]["code"]: item for item in of(item, "Observation")
    }
    glucose = observations["Glucose"]
    assert canonical.encode(glucose["valueQuantity"]) == (
        b'{"code":"mmol/L","system":"http://unitsofmeasure.org","unit":"mmol/L","value":9.80}'
    )
    assert glucose["category"][0]["coding"][0]["code"] == "laboratory"
    assert glucose["interpretation"] == [{"text": "Tăng"}]
    assert observations["11506-3"]["valueString"] == "M: 96; HA: 130/80"
    pressure = observations["85354-9"]
    assert [part["valueQuantity"]["value"] for part in pressure["component"]] == [130, 80]
    assert pressure["derivedFrom"][0]["reference"] == f"Observation/{observations['11506-3']['id']}"
    assert observations["8867-4"]["valueQuantity"]["value"] == 96


def test_the_claim_keeps_its_amounts_to_the_digit(bhyt: Any, read_bytes: Any) -> None:
    data = bhyt.claim({"T_TONGCHI_BV": "92399.99", "T_BHTT": "80000.0"}, XML2=[DRUG], XML3=[SERVICE])
    item = one(read_bytes(data))
    (claim,) = of(item, "Claim")
    text = canonical.encode(claim).decode()
    assert '"total":{"currency":"VND","value":92399.99}' in text
    assert '"unitPrice":{"currency":"VND","value":2333.333}' in text
    assert '"value":80000.0' in text
    assert [line["sequence"] for line in claim["item"]] == [1, 2]
    fields = item.origin.fields
    assert fields[f"Claim/{claim['id']}#item[1]"] == "XML3[1]"


def test_supplies_and_beds_are_items_of_the_claim_alone(bhyt: Any, read_bytes: Any) -> None:
    supply = {**SERVICE, "MA_VAT_TU": "N01.01.010", "TEN_VAT_TU": "Bông", "MA_NHOM": "10"}
    bed = {**SERVICE, "MA_DICH_VU": "K03.1917", "TEN_DICH_VU": "Giường", "MA_NHOM": "15"}
    item = one(read_bytes(bhyt.claim(XML3=[supply, bed])))
    assert of(item, "Procedure") == []
    texts = [line["productOrService"]["text"] for line in of(item, "Claim")[0]["item"]]
    assert texts == ["Bông", "Giường"]


@pytest.mark.parametrize(
    ("given", "value", "found"),
    [
        ("<0.10", {"value": Decimal("0.10"), "comparator": "<"}, []),
        ("≥ 5", {"value": Decimal(5), "comparator": ">="}, []),
        ("9,8", {"value": Decimal("9.8")}, ["bhyt-number-comma"]),
        ("Âm tính", "Âm tính", []),
        ("1,000", "1,000", []),
        ("5-10", "5-10", []),
    ],
)
def test_a_result_is_a_number_only_where_it_is_one(
    bhyt: Any, read_bytes: Any, given: Any, value: Any, found: Any
) -> None:
    item = one(read_bytes(bhyt.claim(XML4=[{**RESULT, "GIA_TRI": given, "DON_VI_DO": ""}])))
    result = next(item for item in of(item, "Observation") if item["code"].get("text") == "Glucose")
    assert result.get("valueQuantity", result.get("valueString")) == value
    assert codes(item) == found


@pytest.mark.parametrize(
    ("care", "given", "ended", "is_given"),
    [
        ("03", "202608030900", "202608051000", True),
        ("04", "202608030900", "202608031600", True),
        ("09", "202608030900", "202608031000", True),
        ("03", "", "202608051000", False),  # nobody says when
        ("03", "202608051000", "202608051000", False),  # at the end of the stay: it may be taken home
        ("01", "202608030900", "202608031000", False),  # handed over
        ("10", "202608030900", "202608051000", False),  # nobody knows what kind of care
    ],
)
def test_a_drug_that_was_given_in_a_stay_is_an_administration_of_its_order(
    bhyt: Any, read_bytes: Any, care: str, given: str, ended: str, *, is_given: bool
) -> None:
    row = {**DRUG, "NGAY_YL": "202608030830", "NGAY_TH_YL": given}
    item = one(read_bytes(bhyt.claim({"MA_LOAI_KCB": care, "NGAY_RA": ended}, XML2=[row])))
    (order,) = of(item, "MedicationRequest")
    found = of(item, "MedicationAdministration")
    assert bool(found) is is_given
    for body in found:
        assert body["request"] == {"reference": f"MedicationRequest/{order['id']}"}
        assert body["effectiveDateTime"] == "2026-08-03T09:00:00+07:00"
        assert body["medicationCodeableConcept"] == order["medicationCodeableConcept"]
        assert (body["subject"], body["context"]) == (order["subject"], order["encounter"])
        assert body["dosage"]["dose"] == order["dispenseRequest"]["quantity"]
        assert body["dosage"]["text"] == "1 viên/ngày"
        assert body["status"] == "completed"
        assert [finding for finding in validate(body) if finding.severity is Severity.ERROR] == []
        assert item.origin.fields[f"MedicationAdministration/{body['id']}#effectiveDateTime"] == "XML2[1].NGAY_TH_YL"


def test_an_administration_without_an_amount_has_no_dosage(bhyt: Any, read_bytes: Any) -> None:
    row = {**DRUG, "SO_LUONG": "", "NGAY_YL": "202608030830", "NGAY_TH_YL": "202608030900"}
    item = one(read_bytes(bhyt.claim({"MA_LOAI_KCB": "03", "NGAY_RA": "202608051000"}, XML2=[row])))
    (body,) = of(item, "MedicationAdministration")
    assert "dosage" not in body
    assert [finding for finding in validate(body) if finding.severity is Severity.ERROR] == []


def test_origins_name_table_row_and_field(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(everything(bhyt), "claims.xml"))
    (patient,) = of(item, "Patient")
    (drug,) = of(item, "MedicationRequest")
    fields = item.origin.fields
    assert (item.origin.source, item.origin.file, item.origin.record) == ("99999", "claims.xml", "LK1")
    assert fields[f"Patient/{patient['id']}"] == "XML1"
    assert fields[f"Patient/{patient['id']}#birthDate"] == "XML1.NGAY_SINH"
    assert fields[f"MedicationRequest/{drug['id']}"] == "XML2[1]"
    assert fields[f"MedicationRequest/{drug['id']}#medicationCodeableConcept"] == "XML2[1].MA_THUOC"
    assert {f"{resource['resourceType']}/{resource['id']}" for resource in item.resources} <= set(fields)


def test_ids_hold_no_card_national_id_or_name(bhyt: Any, read_bytes: Any) -> None:
    first = one(read_bytes(everything(bhyt)))
    other = {
        "SO_CCCD": "001165000001",
        "MA_THE_BHYT": "DN4010000000001",
        "HO_TEN": "Lê Văn Khác",
        "MA_BENH_KT": "E11.9",
    }
    second = one(read_bytes(bhyt.claim(other, XML2=[DRUG], XML3=[SERVICE], XML4=[RESULT], XML5=[NOTE])))
    assert [item["id"] for item in first.resources] == [item["id"] for item in second.resources]


def test_several_cards(bhyt: Any, read_bytes: Any) -> None:
    changes = {
        "MA_THE_BHYT": "HT2010000000009;DN4010000000001",
        "MA_DKBD": "99999;01001",
        "GT_THE_TU": "20260101;20260801",
        "GT_THE_DEN": "20260731;20261231",
    }
    item = one(read_bytes(bhyt.claim(changes)))
    assert codes(item) == []
    assert [(cover["subscriberId"], cover["period"]["start"]) for cover in of(item, "Coverage")] == [
        ("HT2010000000009", "2026-01-01"),
        ("DN4010000000001", "2026-08-01"),
    ]
    assert [line["focal"] for line in of(item, "Claim")[0]["insurance"]] == [True, False]
    short = one(read_bytes(bhyt.claim({**changes, "GT_THE_DEN": "20261231"})))
    assert codes(short) == ["bhyt-list-length"]
    assert "end" not in of(short, "Coverage")[0]["period"]


def test_a_visit_without_a_card(bhyt: Any, read_bytes: Any) -> None:
    changes = {"MA_THE_BHYT": "", "MA_DKBD": "", "GT_THE_TU": "", "GT_THE_DEN": "", "MA_DOITUONG_KCB": "9"}
    item = one(read_bytes(bhyt.claim(changes)))
    assert (codes(item), of(item, "Coverage")) == ([], [])
    assert [finding for finding in validate(of(item, "Claim")[0]) if finding.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    ("changes", "code", "field", "severity"),
    [
        ({"NGAY_SINH": "19651317"}, "bhyt-date-wrong", "NGAY_SINH", "error"),
        ({"NGAY_TTOAN": "202608032561"}, "bhyt-date-wrong", "NGAY_TTOAN", "error"),
        ({"T_BHTT": "1.000.000"}, "bhyt-number-wrong", "T_BHTT", "error"),
        ({"T_BHTT": "99,5"}, "bhyt-number-comma", "T_BHTT", "warning"),
        ({"MA_KHUVUC": "K12"}, "bhyt-value-long", "MA_KHUVUC", "warning"),
        ({"GIOI_TINH": "9"}, "bhyt-code-unknown", "GIOI_TINH", "warning"),
        ({"MA_LOAI_KCB": "1"}, "bhyt-code-unknown", "MA_LOAI_KCB", "warning"),
        ({"HO_TEN": ""}, "bhyt-field-missing", "HO_TEN", "warning"),
        ({"SO_CCCD": "12345"}, "bhyt-national-id-shape", "SO_CCCD", "warning"),
        ({"MA_THE_BHYT": "XX"}, "bhyt-card-shape", "MA_THE_BHYT", "warning"),
        ({"MA_BENH_KT": "tiểu đường"}, "bhyt-icd10-shape", "MA_BENH_KT", "warning"),
        ({"NGAY_RA": "202608010000"}, "bhyt-period-order", "NGAY_RA", "error"),
        ({"CAN_NANG": "năm mươi"}, "bhyt-number-wrong", "CAN_NANG", "error"),
        ({"MA_CSKCB": "01001"}, "bhyt-facility-differs", "MA_CSKCB", "warning"),
    ],
)
def test_a_fault_that_fits_is_kept_with_its_finding(
    bhyt: Any, read_bytes: Any, changes: Any, code: Any, field: Any, severity: Any
) -> None:
    item = one(read_bytes(bhyt.claim(changes), "a.xml"))
    assert item.rejected is None
    found = next(finding for finding in item.findings if finding.code == code)
    place = found.place
    assert (place.file, place.record, place.table, place.field) == ("a.xml", "LK1", "XML1", field)
    assert found.severity == severity
    assert found.rule.id
    (value,) = changes.values()
    assert not value or value not in found.message
    for resource in item.resources:
        assert [f.code for f in validate(resource) if f.severity is Severity.ERROR] == []


def test_codes_count_by_the_day_of_the_visit(bhyt: Any, read_bytes: Any) -> None:
    telehealth = {"MA_LOAI_KCB": "14", "NGAY_VAO": "202607310800", "NGAY_RA": "202607310900"}
    assert "bhyt-code-unknown" in codes(one(read_bytes(bhyt.claim(telehealth))))
    item = one(read_bytes(bhyt.claim({"MA_LOAI_KCB": "14"})))
    assert codes(item) == []
    assert of(item, "Encounter")[0]["class"]["code"] == "VR"
    older = {"MA_DOITUONG_KCB": "1.9", "NGAY_VAO": "202508010800", "NGAY_RA": "202508010900"}
    assert codes(one(read_bytes(bhyt.claim(older)))) == []  # before the first list that is known


def test_an_unknown_care_type_is_kept_as_it_is(bhyt: Any, read_bytes: Any) -> None:
    (encounter,) = of(one(read_bytes(bhyt.claim({"MA_LOAI_KCB": "77"}))), "Encounter")
    assert encounter["class"] == {"system": "urn:x-lienthong:bhyt:MA_LOAI_KCB", "code": "77"}


@pytest.mark.parametrize(("field", "record"), [("MA_LK", "HOSO[1]"), ("MA_BN", "LK1")])
def test_a_record_without_a_key_is_rejected(bhyt: Any, read_bytes: Any, field: Any, record: Any) -> None:
    item = one(read_bytes(bhyt.claim({field: ""})))
    assert (item.rejected.code, item.origin.record, item.resources) == ("bhyt-key-missing", record, ())
    assert field in item.rejected.message


def test_a_record_without_its_summary_is_rejected_and_the_others_kept(bhyt: Any, read_bytes: Any) -> None:
    lonely = [bhyt.part("XML2", bhyt.table("XML2", [{"MA_LK": "LK9", **DRUG}]))]
    damaged = [bhyt.part("XML1", "<TONG_HOP><MA_LK>LK8</MA_LK><HO_TEN></TONG_HOP>"), lonely[0]]
    items = read_bytes(bhyt.envelope(lonely, damaged, bhyt.parts()))
    assert [(item.origin.record, item.rejected.code if item.rejected else "") for item in items] == [
        ("LK9", "bhyt-hoso-broken"),
        ("LK9", "bhyt-hoso-broken"),
        ("LK1", ""),
    ]


def test_a_broken_row_is_lost_alone_and_the_totals_say_so(bhyt: Any, read_bytes: Any) -> None:
    rows = bhyt.table("XML2", [{"MA_LK": "LK1", "STT": "1", **DRUG}, {"MA_LK": "LK1", "STT": "2", **DRUG}])
    broken = rows.replace("<STT>1</STT>", "<STT>1</SST>", 1)
    parts = [*bhyt.parts(XML3=[SERVICE]), bhyt.part("XML2", broken)]
    item = one(read_bytes(bhyt.envelope(parts)))
    assert len(of(item, "MedicationRequest")) == 1
    assert len(of(item, "ServiceRequest")) == 1
    lost = next(finding for finding in item.findings if finding.code == "bhyt-row-broken")
    assert (lost.place.table, lost.place.row, lost.place.record) == ("XML2", "1", "LK1")
    totals = next(finding for finding in item.findings if finding.code == "bhyt-totals-incomplete")
    assert totals.place.field == "T_TONGCHI_BV"


def test_a_broken_table_leaves_the_others(bhyt: Any, read_bytes: Any) -> None:
    parts = [*bhyt.parts(XML3=[SERVICE])]
    for content in ("<NOIDUNGFILE>!!!</NOIDUNGFILE>", "", f"<NOIDUNGFILE>{'AAAA'}</NOIDUNGFILE>"):
        broken = f"<FILEHOSO><LOAIHOSO>XML2</LOAIHOSO>{content}</FILEHOSO>"
        item = one(read_bytes(bhyt.envelope([*parts, broken])))
        assert codes(item) == ["bhyt-table-broken", "bhyt-totals-incomplete"]
        assert len(of(item, "ServiceRequest")) == 1


def test_a_row_of_another_record_is_not_taken(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(bhyt.claim(XML2=[{**DRUG, "MA_LK": "OTHER"}, {**DRUG, "MA_LK": ""}])))
    assert codes(item) == ["bhyt-row-elsewhere", "bhyt-totals-incomplete", "bhyt-field-missing"]
    assert len(of(item, "MedicationRequest")) == 1


def test_rows_with_the_same_number_are_kept_apart(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(bhyt.claim(XML2=[{**DRUG, "STT": "1"}, {**DRUG, "STT": "1"}])))
    assert len(of(item, "MedicationRequest")) == 2


def test_a_table_that_nobody_knows_is_named(bhyt: Any, read_bytes: Any) -> None:
    parts = [*bhyt.parts(), bhyt.part("XML99", "<A/>")]
    item = one(read_bytes(bhyt.envelope(parts)))
    assert [(finding.code, finding.place.table, str(finding.severity)) for finding in item.findings] == [
        ("bhyt-table-unknown", "", "warning"),
    ]


def test_a_field_of_nobody_is_noted_without_its_name(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(bhyt.claim({"NGUYENVANA": "x", "MA_BENH": "I10"})))
    notes = [finding for finding in item.findings if finding.code == "bhyt-field-unknown"]
    assert [finding.place.field for finding in notes] == ["MA_BENH", ""]


def test_several_records_share_a_table(bhyt: Any, read_bytes: Any) -> None:
    first = bhyt.parts(XML2=[DRUG])
    second = bhyt.parts({"MA_LK": "LK2", "MA_BN": "BN2"})
    items = read_bytes(bhyt.envelope([*first, *second]))
    assert [item.origin.record for item in items] == ["LK1", "LK2"]
    assert [len(of(item, "MedicationRequest")) for item in items] == [1, 0]


def test_a_record_that_stands_twice_is_said(bhyt: Any, read_bytes: Any) -> None:
    items = read_bytes(bhyt.envelope(bhyt.parts(), bhyt.parts()))
    assert [codes(item) for item in items] == [[], ["bhyt-record-twice"]]


def test_a_count_that_does_not_match_is_said(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(bhyt.envelope(bhyt.parts(), announced=3), "a.xml"))
    assert codes(item) == ["bhyt-count-differs"]
    assert "announces 3 records and holds 1" in item.findings[0].message


def test_a_file_cut_off_keeps_the_whole_records(bhyt: Any, read_bytes: Any) -> None:
    data = bhyt.envelope(bhyt.parts(), bhyt.parts({"MA_LK": "LK2"}))
    items = read_bytes(data[: data.rindex(b"</HOSO>")])
    assert [(item.origin.record, item.rejected.code if item.rejected else "") for item in items] == [
        ("LK1", ""),
        ("HOSO[2] to the end", "bhyt-hoso-broken"),
    ]
    assert codes(items[1]) == ["bhyt-envelope-open"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_marks_line_ends_cdata_and_empty_tags_are_tolerated(bhyt: Any, read_bytes: Any, mark: Any) -> None:
    summary = bhyt.table("XML1", [bhyt.summary])
    variant = summary.replace("Trần Thị Bình", "<![CDATA[Trần Thị Bình]]>").replace(
        "<TONG_HOP>", "<TONG_HOP><GHI_CHU />"
    )
    inner = mark + b'<?xml version="1.0" encoding="utf-8"?>\r\n' + variant.encode()
    data = bhyt.envelope([bhyt.part("XML1", inner)]).replace(b"><", b">\r\n<")
    item = one(read_bytes(mark + data))
    assert item.findings == ()
    assert of(item, "Patient")[0]["name"][0]["text"] == "Trần Thị Bình"


@pytest.mark.parametrize("shape", ["inline", "cdata", "escaped", "utf-16 said and not meant", "utf-16"])
def test_the_content_may_stand_in_other_shapes(bhyt: Any, read_bytes: Any, shape: Any) -> None:
    xml = bhyt.table("XML1", [bhyt.summary])
    if shape == "inline":
        part = bhyt.part("XML1", xml, inline=True)
    elif shape == "cdata":
        part = bhyt.part("XML1", f"<![CDATA[{xml}]]>", inline=True)
    elif shape == "escaped":
        part = bhyt.part("XML1", xml.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), inline=True)
    elif shape == "utf-16":
        part = bhyt.part("XML1", ('<?xml version="1.0" encoding="utf-16"?>' + xml).encode("utf-16"))
    else:
        part = bhyt.part("XML1", '<?xml version="1.0" encoding="utf-16"?>' + xml)
    item = one(read_bytes(bhyt.envelope([part])))
    assert item.findings == ()
    assert of(item, "Patient")[0]["name"][0]["family"] == "Trần"


def test_an_envelope_in_utf_16_is_read(bhyt: Any, read_bytes: Any) -> None:
    data = bhyt.claim().decode().replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")
    assert one(read_bytes(data, "a.xml")).findings == ()


def test_text_becomes_nfc(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(bhyt.claim({"HO_TEN": unicodedata.normalize("NFD", "Nguyễn Thị Bưởi")})))
    assert of(item, "Patient")[0]["name"][0]["text"] == unicodedata.normalize("NFC", "Nguyễn Thị Bưởi")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Sốt\x02 cao", "Sốt cao"),
        ("Sốt &#x2; cao", "Sốt  cao"),
        ("SpO2 < 90%, A & B", "SpO2 < 90%, A & B"),
        ("HA <90 & <b>mệt", "HA <90 & <b>mệt"),
        ("<![CDATA[a & b < c]]>\x01", "a & b < c"),
    ],
)
def test_characters_that_break_a_note_are_cleaned_and_nothing_else_is_lost(
    bhyt: Any, read_bytes: Any, raw: Any, text: Any
) -> None:
    note = bhyt.table("XML5", [{"MA_LK": "LK1", "STT": "1", **NOTE}, {"MA_LK": "LK1", "STT": "2", **NOTE}])
    broken = note.replace(NOTE["DIEN_BIEN_LS"], raw, 1)
    item = one(read_bytes(bhyt.envelope([*bhyt.parts(), bhyt.part("XML5", broken)])))
    notes = [entry["valueString"] for entry in of(item, "Observation") if "valueString" in entry]
    assert notes == [text, NOTE["DIEN_BIEN_LS"]]
    assert codes(item) == ["bhyt-characters-cleaned"]


@pytest.mark.parametrize("where", ["envelope", "table"])
def test_entities_and_doctypes_are_refused(bhyt: Any, read_bytes: Any, where: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}"><!ENTITY f "F">]>'
    if where == "envelope":
        data = bhyt.claim({"HO_TEN": "&e;"}).replace(b"<GIAMDINHHS>", doctype.encode() + b"<GIAMDINHHS>")
        assert one(read_bytes(data)).rejected.code == "xml-doctype"
    else:
        xml = doctype + bhyt.table("XML1", [{**bhyt.summary, "HO_TEN": "NAME"}]).replace("NAME", "&e;&f;")
        item = one(read_bytes(bhyt.envelope([bhyt.part("XML1", xml)])))
        assert "SECRET" not in json.dumps(canonical.encode(list(item.resources)).decode())
        assert item.rejected or of(item, "Patient")[0]["name"][0]["text"] == "&e;&f;"


@pytest.mark.parametrize("root", ["TONG_HOP", "KHAMSUCKHOE"])
def test_other_documents_of_the_family_are_refused_by_name(read_bytes: Any, root: Any) -> None:
    item = one(read_bytes(f"<{root}><MA_LK>1</MA_LK></{root}>".encode(), "a.xml", given=False))
    assert (item.origin.record, item.rejected.code) == ("", "bhyt-envelope-other")


def test_a_record_above_the_limit_is_rejected(bhyt: Any, read_bytes: Any) -> None:
    data = bhyt.envelope(bhyt.parts(), bhyt.parts({"GHI_CHU": "x" * (3 << 20)}))
    items = read_bytes(data, settings=Settings(max_record_bytes=1 << 20))
    assert [bool(item.rejected) for item in items] == [False, True]


def test_the_source_can_be_named(bhyt: Any, read_bytes: Any) -> None:
    item = one(read_bytes(bhyt.claim(), source="khoa-noi"))
    assert item.origin.source == "khoa-noi"
    assert of(item, "Patient")[0]["id"] == resource_id("khoa-noi", "Patient", "BN1")
    assert of(item, "Organization")[0]["id"] == resource_id("khoa-noi", "Organization", "99999")


def test_the_same_claim_gives_the_same_bytes(bhyt: Any, read_bytes: Any) -> None:
    data = everything(bhyt)
    later = data.replace(b"<NGAYLAP>20260815", b"<NGAYLAP>20260901")
    first, again = (canonical.encode(list(one(read_bytes(item)).resources)) for item in (data, later))
    assert first == again


def test_hostile_files_take_no_more_than_their_length(bhyt: Any, read_bytes: Any) -> None:
    began = time.monotonic()
    read_bytes(b"<!---->" * 20_000 + b"x", "a.xml", given=False)
    cdata = bhyt.part("XML5", "<CHI_TIET_DIEN_BIEN_BENH>" + "<![CDATA[" * 50_000)
    assert codes(one(read_bytes(bhyt.envelope([*bhyt.parts(), cdata]))))[0] == "bhyt-characters-cleaned"
    rows = [{**DRUG, "MA_BAC_SI": ""}] * 3_000
    many = {"MA_BENH_KT": ";".join(f"X{n}" for n in range(20_000)), "MA_THE_BHYT": ";".join(map(str, range(20_000)))}
    item = one(read_bytes(bhyt.claim(many, XML2=rows)))
    assert len(of(item, "MedicationRequest")) == 3_000
    assert time.monotonic() - began < 20  # seconds where a quadratic reader takes minutes
