"""Each table of the health-insurance XML beside XML1 to XML5: what a clerk wrote becomes what a physician reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.finding import Severity
from lienthong.core.settings import PROFILE_PRESETS, Settings
from lienthong.fhir import validate
from lienthong.sources import Converted
from lienthong.sources.bhyt.write import check_in, envelope

DAY = date(2026, 8, 15)
EXTENSION = "urn:x-lienthong:extension:bhyt:"
PAPER = {"MA_LK": "LK1", "CHAN_DOAN_RV": "Viêm phổi <nặng>", "MA_TTDV": "7900000001", "NGAY_CT": "20260803"}


@pytest.fixture
def read(bhyt: Any, read_bytes: Any) -> Any:
    """`read(XML7=[{...}])`: the one record of a claim with these tables; its resources are valid FHIR."""

    def convert(summary: Any = None, **tables: Any) -> Converted:
        first = {**bhyt.summary, **(summary or {})}
        return whole(read_bytes(envelope("99999", [{"XML1": [first], **tables}], DAY), "a.xml"))

    return convert


def whole(items: Any) -> Converted:
    (item,) = items
    assert isinstance(item, Converted) and item.rejected is None, item
    for body in item.resources:
        assert [finding for finding in validate(body) if finding.severity is Severity.ERROR] == [], body
    return item


def of(item: Converted, kind: str, without: str = "") -> Any:
    """The one resource of a type."""
    found = [body for body in item.resources if body["resourceType"] == kind and body["id"] != without]
    assert len(found) == 1, [body["resourceType"] for body in item.resources]
    return found[0]


def kept(body: Any, table: str) -> dict[str, Any]:
    """What the row's extension keeps, by field."""
    (extension,) = [item for item in body["extension"] if item["url"] == EXTENSION + table]
    return {
        part["url"]: next(value for name, value in part.items() if name != "url") for part in extension["extension"]
    }


def test_a_discharge_paper_is_a_composition_that_its_physician_signed(read: Any) -> None:
    row = {**PAPER, "MA_BS": "001/CCHN", "TEN_BS": "Lê Văn An", "SO_LUU_TRU": "LT-7", "HO_TEN_ME": "Vũ Thị Mai"}
    row |= {"MA_ME": "7900000002", "NGOAITRU_TUNGAY": "20260804", "NGOAITRU_DENNGAY": "20260810"}
    item = read(XML7=[row])
    paper = of(item, "Composition")
    assert [coding["code"] for coding in paper["type"]["coding"]] == ["18842-5", "XML7"]
    assert paper["author"][0]["display"] == "Lê Văn An"
    assert paper["attester"][0]["party"]["identifier"]["value"] == "7900000001"
    assert paper["date"] == "2026-08-03"
    assert paper["event"][0]["period"] == {"start": "2026-08-04", "end": "2026-08-10"}
    assert paper["section"][0]["text"]["div"].endswith("Viêm phổi &lt;nặng&gt;</div>")
    assert kept(paper, "XML7")["SO_LUU_TRU"] == "LT-7"
    mother = of(item, "RelatedPerson")
    assert mother["relationship"][0]["coding"][0]["code"] == "MTH"
    assert mother["name"][0]["text"] == "Vũ Thị Mai"


def test_a_summary_keeps_its_texts_as_sections(read: Any) -> None:
    row = {**PAPER, "QT_BENHLY": "Ho 3 ngày", "TOMTAT_KQ": "X-quang: mờ", "PP_DIEUTRI": "Kháng sinh"}
    paper = of(read(XML8=[row]), "Composition")
    assert paper["type"]["coding"][0]["code"] == "34133-9"
    named = [section["code"]["coding"][0]["code"] for section in paper["section"]]
    assert named == ["CHAN_DOAN_RV", "QT_BENHLY", "TOMTAT_KQ", "PP_DIEUTRI"]


def test_a_birth_makes_a_newborn_and_its_mother(read: Any) -> None:
    row = {
        "MA_LK": "LK1",
        "HO_TEN_NND": "Trần Thị Bình",
        "NGAYSINH_NND": "19950517",
        "SO_CCCD_NND": "001195000009",
        "NGAYCAP_CCCD_NND": "20210101",
        "NOICAP_CCCD_NND": "Cục CSQLHC",
        "HO_TEN_CON": "Lê Gia Hân",
        "GIOI_TINH_CON": "2",
        "NGAY_SINH_CON": "202608030715",
        "CAN_NANG_CON": "3200",
        "MA_THE_TAM": "TE1010000000001",
        "NOI_SINH_CON": "Bệnh viện",
        "SO_CON": "1",
    }
    item = read(XML9=[row])
    mother = next(body for body in item.resources if body["resourceType"] == "Patient" and body["gender"] == "female")
    child = of(item, "Patient", without=mother["id"])
    assert child["_birthDate"]["extension"][0]["valueDateTime"] == "2026-08-03T07:15:00+07:00"
    assert child["name"][0]["text"] == "Lê Gia Hân"
    carer = of(item, "RelatedPerson")
    assert carer["patient"]["reference"] == f"Patient/{child['id']}"
    assert (carer["birthDate"], carer["identifier"][1]["assigner"]["display"]) == ("1995-05-17", "Cục CSQLHC")
    weight = next(body for body in item.resources if body.get("valueQuantity", {}).get("unit") == "g")
    assert weight["subject"]["reference"] == f"Patient/{child['id']}"
    assert kept(of(item, "Composition"), "XML9")["SO_CON"] == 1


@pytest.mark.parametrize(
    ("table", "title"),
    [
        ("XML10", "Giấy chứng nhận nghỉ dưỡng thai"),
        ("XML11", "Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội"),
    ],
)
def test_a_leave_has_its_days_as_a_period(read: Any, table: Any, title: Any) -> None:
    row = {**PAPER, "TU_NGAY": "20260804", "DEN_NGAY": "20260810", "SO_SERI": "S1", "MA_BS": "001/CCHN"}
    paper = of(read(**{table: [row]}), "Composition")
    assert (paper["title"], paper["event"][0]["period"]["end"]) == (title, "2026-08-10")
    backward = read(**{table: [{**row, "DEN_NGAY": "20260801"}]})
    assert "bhyt-period-order" in [finding.code for finding in backward.findings]
    assert kept(of(backward, "Composition"), table)["DEN_NGAY"] == "2026-08-01"


def test_an_assessment_stands_with_a_visit_or_alone(read: Any, read_bytes: Any) -> None:
    row = {"SO_BIEN_BAN": "BB-1", "HO_TEN": "Trần Thị Bình", "NGAY_SINH": "19650517", "NGAY_HOP": "20260801"}
    row |= {
        "NGUOI_CHU_TRI": "Vũ Văn Chủ",
        "TONG_TYLE_TTCT": "21",
        "KET_QUA_KHAM": "Tổn thương",
        "SO_CCCD": "001165000009",
    }
    within = of(read(XML12=[row]), "Composition")
    alone = whole(read_bytes(envelope("99999", [{"XML12": [row]}], DAY)))
    for paper in (within, of(alone, "Composition")):
        assert paper["author"] == [{"type": "Practitioner", "display": "Vũ Văn Chủ"}]
        assert kept(paper, "XML12")["TONG_TYLE_TTCT"] == 21
    assert alone.origin.record == "XML12/BB-1"
    assert of(alone, "Patient")["birthDate"] == "1965-05-17"
    assert "001165000009" not in alone.origin.record
    (lost,) = read_bytes(envelope("99999", [{"XML12": [{**row, "SO_BIEN_BAN": ""}]}], DAY))
    assert lost.rejected.code == "bhyt-key-missing"


def test_hiv_care_is_an_episode_that_is_labelled(read: Any) -> None:
    row = {
        "MA_LK": "LK1",
        "BDDT_ARV": "20240105",
        "KQ_XNTL_VR": "1",
        "NGAY_XN_TLVR": "20260801",
        "NHOM_DOI_TUONG": "2",
    }
    item = read({"MA_BENH_CHINH": "B20"}, XML6=[{**row, "HO_TEN": "", "DIA_CHI": "Xóm 1"}])
    episode = of(item, "EpisodeOfCare")
    assert episode["meta"]["security"][0]["code"] == "HIV"
    assert episode["period"] == {"start": "2024-01-05"}
    condition = of(item, "Condition")
    assert episode["diagnosis"][0]["condition"]["reference"] == f"Condition/{condition['id']}"
    load = next(
        body for body in item.resources if body.get("code", {}).get("coding", [{}])[0].get("code") == "25836-8"
    )
    assert (load["meta"]["security"][0]["code"], load["effectiveDateTime"]) == ("HIV", "2026-08-01")
    assert kept(episode, "XML6") == {"copies": "DIA_CHI", "NHOM_DOI_TUONG": "2"}


def test_tuberculosis_care_ends_with_its_treatment(read: Any) -> None:
    row = {"MA_LK": "LK1", "STT": "1", "NGAYBD_DTRI_LAO": "20260101", "NGAYKT_DTRI_LAO": "20260630"}
    episode = of(read(XML15=[{**row, "PHANLOAI_LAO_VITRI": "1"}]), "EpisodeOfCare")
    assert (episode["status"], episode["period"]["end"]) == ("finished", "2026-06-30")
    assert kept(episode, "XML15")["PHANLOAI_LAO_VITRI"] == "1"


@pytest.mark.parametrize("receiver", ["MA_CSKCB_DEN", "MA_NOI_DEN"])
def test_a_referral_says_where_to_and_why(read: Any, receiver: Any) -> None:
    row = {"MA_LK": "LK1", "SO_HOSO": "H1", receiver: "01001", "MA_LYDO_CT": "1", "HUONG_DIEU_TRI": "Mổ sớm"}
    row |= {"HO_TEN": "Trần Thị Bình", "NGAY_SINH": "196505170001", "DAU_HIEU_LS": "Đau bụng"}
    referral = of(read(XML13=[row]), "ServiceRequest")
    assert referral["performer"][0]["identifier"]["value"] == "01001"
    assert referral["reasonCode"][0]["coding"][0]["code"] == "1"
    assert referral["note"] == [{"text": "Mổ sớm"}]
    left = kept(referral, "XML13")
    assert left["DAU_HIEU_LS"] == "Đau bụng"
    assert left["copies"] == "HO_TEN"  # what repeats XML1 is not said again; what differs is kept
    assert "NGAY_SINH" in left


def test_an_appointment_is_proposed_for_its_time(read: Any) -> None:
    row = {"MA_LK": "LK1", "SO_GIAYHEN_KL": "G1", "NGAY_HEN_KL": "202609030800", "NGAY_CT": "20260803"}
    booked = of(read(XML14=[{**row, "MA_BAC_SI": "001/CCHN"}]), "Appointment")
    assert (booked["status"], booked["created"]) == ("proposed", "2026-08-03")
    assert booked["requestedPeriod"] == [{"start": "2026-09-03T08:00:00+07:00"}]
    assert len(booked["participant"]) == 2


def test_a_check_in_is_sent_by_itself_and_the_claim_takes_over(bhyt: Any, read_bytes: Any, read: Any) -> None:
    names = ["MA_LK", "MA_BN", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "MA_THE_BHYT", "MA_DOITUONG_KCB", "NGAY_VAO"]
    names += ["MA_LOAI_KCB", "MA_CSKCB"]
    person = {name: bhyt.summary[name] for name in names}
    rows = [
        {**person, "STT": "1", "MA_DICH_VU": "02.03", "TEN_DICH_VU": "Khám", "NGAY_YL": "202608030850"},
        {**person, "STT": "2", "MA_THUOC": "40.17", "TEN_THUOC": "Thuốc A", "NGAY_YL": "202608030855"},
        {**person, "STT": "3", "MA_VAT_TU": "N01", "TEN_VAT_TU": "Bông", "NGAY_YL": "202608030855"},
    ]
    item = whole(read_bytes(check_in(rows), "a.xml", given=False))
    assert [finding for finding in item.findings if finding.severity is not Severity.INFORMATION] == []
    assert item.origin.record == "LK1"
    assert of(item, "Encounter")["status"] == "in-progress"
    orders = (of(item, kind) for kind in ("ServiceRequest", "MedicationRequest", "DeviceRequest"))
    assert [order["status"] for order in orders] == ["active"] * 3
    claim = read(XML0=rows)
    assert of(claim, "Encounter")["id"] == of(item, "Encounter")["id"]
    assert of(claim, "Encounter")["status"] == "finished"
    assert of(claim, "DeviceRequest")["id"] == of(item, "DeviceRequest")["id"]


def test_a_check_in_without_a_patient_is_rejected_alone(read_bytes: Any) -> None:
    rows = [{"MA_LK": "A", "MA_BN": "1", "MA_DICH_VU": "02.03"}, {"MA_LK": "B", "MA_BN": "", "MA_DICH_VU": "02.03"}]
    items = read_bytes(check_in(rows))
    assert [(item.origin.record, bool(item.rejected)) for item in items] == [("A", False), ("B", True)]


OLDER = {
    "MA_LK": "LK1",
    "STT": "1",
    "MA_BN": "BN1",
    "HO_TEN": "Trần Thị Bình",
    "NGAY_SINH": "19650517",
    "GIOI_TINH": "2",
    "MA_THE": "HT2010000000009",
    "TEN_BENH": "Tăng huyết áp",
    "MA_BENH": "I10",
    "MA_BENHKHAC": "E11.9",
    "MA_LYDO_VVIEN": "2",
    "NGAY_VAO": "202403010845",
    "NGAY_RA": "202403011015",
    "MA_LOAI_KCB": "3",
    "MA_CSKCB": "99999",
    "T_TONGCHI": "1000",
}


def older(read_bytes: Any, **changes: str) -> Converted:
    note = {"MA_LK": "LK1", "STT": "1", "DIEN_BIEN": "M: 90", "NGAY_YL": "202403010900"}
    drug = {"MA_LK": "LK1", "STT": "1", "TEN_THUOC": "Thuốc A", "THANH_TIEN": "1000", "T_NGOAIDS": "0"}
    tables = {"XML1": [{**OLDER, **changes}], "XML2": [drug], "XML5": [note]}
    return whole(read_bytes(envelope("99999", [tables], DAY)))


def test_the_tables_of_4210_are_read_under_their_own_names(read_bytes: Any) -> None:
    item = older(read_bytes)
    assert [finding for finding in item.findings if finding.severity is not Severity.INFORMATION] == []
    encounter, claim = of(item, "Encounter"), of(item, "Claim")
    assert (encounter["class"]["code"], encounter["priority"]["coding"][0]["code"]) == ("IMP", "EM")
    assert [coding["system"].rpartition(":")[2] for entry in encounter["type"] for coding in entry["coding"]] == [
        "4210.MA_LOAI_KCB",
        "MA_LYDO_VVIEN",
    ]
    assert claim["total"]["value"] == 1000
    assert kept(claim, "XML1")["decision"] == "4210/QĐ-BYT 2017"
    conditions = [body for body in item.resources if body["resourceType"] == "Condition"]
    assert [body["code"]["coding"][0]["code"] for body in conditions] == ["I10", "E11.9"]
    assert any(body.get("valueQuantity", {}).get("value") == 90 for body in item.resources)
    assert item.origin.fields[f"Claim/{claim['id']}#total"] == "XML1.T_TONGCHI"


def test_the_tables_of_4210_after_their_end_are_read_and_said(read_bytes: Any) -> None:
    item = older(read_bytes, NGAY_VAO="202608030845", NGAY_RA="202608031015")
    (finding,) = [finding for finding in item.findings if finding.severity is Severity.WARNING]
    assert (finding.code, finding.rule.valid_to) == ("bhyt-layout-ended", "2024-06-30")


@pytest.mark.parametrize("name", ["XMl13", "xml 13", "XML_13", "XML013"])
def test_the_kind_of_a_table_may_be_misspelt(bhyt: Any, read_bytes: Any, name: Any) -> None:
    row = "<CHI_TIEU_GIAYCHUYENTUYEN><MA_LK>LK1</MA_LK><SO_HOSO>H1</SO_HOSO></CHI_TIEU_GIAYCHUYENTUYEN>"
    item = whole(read_bytes(bhyt.envelope([*bhyt.parts(), bhyt.part(name, row)])))
    assert of(item, "ServiceRequest")


@pytest.mark.parametrize(
    "xml",
    [
        "<TONG_HOP><ma_lk>LK1</ma_lk><MA_BN>BN1</MA_BN><Ho_Ten>Trần Thị Bình</Ho_Ten></TONG_HOP>",
        "<TONGHOP><MA_LK>LK1</MA_LK><MA_BN>BN1</MA_BN><HO_TEN>Trần Thị Bình</HO_TEN></TONGHOP>",
        '<n:TONG_HOP xmlns:n="x"><MA_LK>LK1</MA_LK><MA_BN>BN1</MA_BN><HO_TEN>Trần Thị Bình</HO_TEN></n:TONG_HOP>',
    ],
)
def test_elements_of_other_names_are_known_by_what_they_hold(bhyt: Any, read_bytes: Any, xml: Any) -> None:
    item = whole(read_bytes(bhyt.envelope([bhyt.part("XML1", xml)])))
    assert of(item, "Patient")["name"][0]["text"] == "Trần Thị Bình"
    assert "bhyt-tag-other" in [finding.code for finding in item.findings]


def test_a_field_that_stands_twice_is_said(bhyt: Any, read_bytes: Any) -> None:
    xml = bhyt.table("XML1", [bhyt.summary]).replace("</TONG_HOP>", "<HO_TEN>Khác</HO_TEN><MA_BN/></TONG_HOP>")
    item = whole(read_bytes(bhyt.envelope([bhyt.part("XML1", xml)])))
    assert of(item, "Patient")["name"][0]["text"] == "Trần Thị Bình"
    twice = [finding for finding in item.findings if finding.code == "bhyt-field-twice"]
    assert [(finding.place.field, str(finding.severity)) for finding in twice] == [("HO_TEN", "error")]


@pytest.mark.parametrize("encoding", ["windows-1258", "utf-16"])
def test_a_table_may_be_in_the_encoding_that_it_names(bhyt: Any, read_bytes: Any, encoding: Any) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?>' + bhyt.table("XML1", [{**bhyt.summary, "HO_TEN": "Lê Đô"}])
    ascii_only = xml.encode("ascii", "xmlcharrefreplace").decode() if encoding == "windows-1258" else xml
    data = ascii_only.replace("L&#234; &#272;&#244;", "Lê Đô").encode(encoding)
    item = whole(read_bytes(bhyt.envelope([bhyt.part("XML1", data)])))
    assert of(item, "Patient")["name"][0]["text"] == "Lê Đô"


def test_the_envelopes_elements_may_have_attributes(bhyt: Any, read_bytes: Any) -> None:
    data = bhyt.claim().replace(b"<NOIDUNGFILE>", b'<NOIDUNGFILE xsi:type="xsd:string">')
    data = data.replace(b"<MACSKCB>", b'<MACSKCB a="b">')
    assert of(whole(read_bytes(data)), "Patient")


def test_what_fits_no_type_is_kept_as_it_came(read: Any) -> None:
    item = read({"T_BHTT": "1.000.000", "NGAY_TTOAN": "2026-08-03", "SO_NGAY_DTRI": "một", "NHOM_MAU": "O+"})
    left = kept(of(item, "Claim"), "XML1")
    assert (left["T_BHTT"], left["NGAY_TTOAN"]) == ("1.000.000", "2026-08-03")
    assert kept(of(item, "Encounter"), "XML1")["SO_NGAY_DTRI"] == "một"
    assert {finding.place.field for finding in item.findings} == {"T_BHTT", "NGAY_TTOAN", "SO_NGAY_DTRI"}
    group = next(
        body for body in item.resources if body.get("code", {}).get("coding", [{}])[0].get("code") == "882-1"
    )
    assert group["valueCodeableConcept"] == {"text": "O+"}


def test_the_guide_that_resources_claim_is_a_setting(bhyt: Any, read_bytes: Any) -> None:
    plain, claimed = (
        whole(read_bytes(bhyt.claim(), settings=Settings(profiles=name))) for name in ("none", "ehealth")
    )
    assert not any("meta" in body for body in plain.resources)
    url = "http://fhir.ehealth.gov.vn/core/StructureDefinition/vn-core-patient"
    assert of(claimed, "Patient")["meta"] == {"profile": [url]}


@pytest.mark.parametrize(
    ("guide", "canonical", "types"),
    [
        ("ehealth", "http://fhir.ehealth.gov.vn/core", {"Patient", "Encounter", "MedicationRequest", "Practitioner"}),
        (
            "vncore",
            "http://fhir.hl7.org.vn/core",
            {"Patient", "Encounter", "MedicationRequest", "Practitioner", "Condition", "Coverage", "Claim"},
        ),
    ],
)
def test_each_type_claims_the_profile_of_its_name(
    bhyt: Any, read_bytes: Any, guide: str, canonical: str, types: set[str]
) -> None:
    data = bhyt.claim(XML2=[{"MA_THUOC": "40.17", "SO_LUONG": "1", "MA_BAC_SI": "001/CCHN"}])
    made = whole(read_bytes(data, settings=Settings(profiles=guide)))
    claims = {
        body["resourceType"]: body["meta"]["profile"] for body in made.resources if "profile" in body.get("meta", {})
    }
    assert claims.keys() == types
    assert claims["MedicationRequest"] == [f"{canonical}/StructureDefinition/vn-core-medication-request"]
    page = (Path(__file__).parents[3] / "docs" / "settings.md").read_text("utf-8")
    column = list(PROFILE_PRESETS)[1:].index(guide) + 2
    rows = [line.split("|") for line in page.split("## Profiles of the guides")[1].splitlines() if line[:2] == "| "]
    read = {row[1].strip() for row in rows[1:] if not row[column].strip().startswith("not claimed")}
    assert read == set(PROFILE_PRESETS[guide])
