"""Hospital A's export: XML that parses, sums that hold, dates in order, and faults where the truth says."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from itertools import pairwise

import pytest
from lxml import etree

from lienthong.demo.claims import FACILITY_A, amounts
from lienthong.demo.exports import ClaimFile
from lienthong.demo.hospitals import Hospitals, generate
from lienthong.demo.papers import SUMMARY_ROOT
from lienthong.sources.bhyt import layout

Row = dict[str, str]
_FORBIDDEN = b"\x0b"
Tables = dict[str, list[Row]]


@pytest.fixture(scope="module")
def hospitals() -> Hospitals:
    return generate(7, 180)


def _inner(part: etree._Element) -> etree._Element:
    """The document inside a NOIDUNGFILE, base64 or plain, without the character that XML forbids."""
    content = part.find("NOIDUNGFILE")
    assert content is not None
    if len(content):
        return content[0]
    return etree.fromstring(base64.b64decode(content.text or "").replace(_FORBIDDEN, b""))


def _records(data: bytes) -> list[Tables]:
    found = []
    for record in etree.fromstring(data).iter("HOSO"):
        tables: Tables = {}
        for part in record.iter("FILEHOSO"):
            root = _inner(part)
            rows = [root] if root.tag in ("TONG_HOP", SUMMARY_ROOT) else list(root[0])
            tables[part.findtext("LOAIHOSO") or ""] = [{item.tag: item.text or "" for item in row} for row in rows]
        found.append(tables)
    return found


def _clean(hospitals: Hospitals) -> list[ClaimFile]:
    return [
        file for file in hospitals.claim_files if isinstance(file, ClaimFile) and not file.edits and file.keep == 1
    ]


def test_every_clean_claim_adds_up_to_the_dong(hospitals: Hospitals) -> None:
    checked = 0
    for file in _clean(hospitals):
        for tables in _records(file.data()):
            summary, drugs, services = tables["XML1"][0], tables.get("XML2", []), tables["XML3"]
            lines = drugs + services
            for line in lines:
                price = Decimal(line.get("DON_GIA") or line["DON_GIA_BV"])
                total = (Decimal(line["SO_LUONG"]) * price).quantize(Decimal("0.01"))
                assert Decimal(line["THANH_TIEN_BV"]) == total
                paid = sum(Decimal(line[name]) for name in ("T_BHTT", "T_BNCCT", "T_BNTT", "T_NGUONKHAC"))
                assert paid == total
            supplies = [line for line in services if line["MA_NHOM"] in ("10", "11")]
            for name, field, rows in (
                ("T_THUOC", "THANH_TIEN_BV", drugs),
                ("T_VTYT", "THANH_TIEN_BV", supplies),
                ("T_TONGCHI_BV", "THANH_TIEN_BV", lines),
                ("T_TONGCHI_BH", "THANH_TIEN_BH", lines),
                ("T_BNTT", "T_BNTT", lines),
                ("T_BNCCT", "T_BNCCT", lines),
                ("T_BHTT", "T_BHTT", lines),
            ):
                assert Decimal(summary[name]) == sum(Decimal(row[field]) for row in rows), name
            checked += 1
    assert checked > 100


def test_a_claim_has_the_fields_of_its_layout_in_their_order(hospitals: Hospitals) -> None:
    for file in _clean(hospitals):
        for tables in _records(file.data()):
            for table, rows in tables.items():
                expected = list(layout.fields(table, file.made))
                assert [list(row) for row in rows] == [expected] * len(rows), table
                assert {row["MA_LK"] for row in rows} == {tables["XML1"][0]["MA_LK"]}
                numbers = [row["STT"] for row in rows if "STT" in expected]
                assert numbers in ([], [str(number) for number in range(1, len(rows) + 1)])


def test_times_are_in_order(hospitals: Hospitals) -> None:
    for file in _clean(hospitals):
        for tables in _records(file.data()):
            summary = tables["XML1"][0]
            start, end = summary["NGAY_VAO"], summary["NGAY_RA"]
            for row in tables.get("XML2", []) + tables["XML3"]:
                moments = [start, row["NGAY_YL"], row["NGAY_TH_YL"], row.get("NGAY_KQ", ""), end]
                known = [moment for moment in moments if moment]
                assert all(before <= after for before, after in pairwise(known))
            assert all(start <= row["NGAY_KQ"] <= end for row in tables.get("XML4", []))
            assert all(start <= row["THOI_DIEM_DBLS"] <= end for row in tables.get("XML5", []))
            assert summary["NGAY_VAO_NOI_TRU"] == "" or start <= summary["NGAY_VAO_NOI_TRU"] <= end


def test_notes_carry_vital_signs_in_shorthand(hospitals: Hospitals) -> None:
    shorthand = re.compile(r"M: \d{2,3} l/p; HA: \d{2,3}/\d{2,3} mmHg; NĐ: \d\d\.\d$")
    notes = [
        tables["XML5"][0]["DIEN_BIEN_LS"]
        for file in _clean(hospitals)
        for tables in _records(file.data())
        if "XML5" in tables
    ]
    assert len(notes) > 100 and all(shorthand.search(note) for note in notes)


def test_files_are_written_in_several_dialects(hospitals: Hospitals) -> None:
    data = [file.data() for file in _clean(hospitals)]
    assert any(b"\r\n" in item for item in data) and any(b"\r\n" not in item for item in data)
    assert any(b"<TONG_HOP>" in item for item in data), "plain XML inside"
    inner = [_first_inner(item) for item in data if b"<TONG_HOP>" not in item]
    assert any(item.startswith(b"\xef\xbb\xbf") for item in inner)
    assert any(b"<![CDATA[" in item for item in inner) and any(b"<![CDATA[" not in item for item in inner)
    assert any(item.count(b"<HOSO>") > 1 for item in data) and any(item.count(b"<HOSO>") == 1 for item in data)
    assert all(f"<MACSKCB>{FACILITY_A}</MACSKCB>".encode() in item for item in data)


def _first_inner(data: bytes) -> bytes:
    return base64.b64decode(etree.fromstring(data).findtext(".//NOIDUNGFILE") or "")


def test_what_is_not_covered_the_patient_pays() -> None:
    paid = amounts(Decimal(3), Decimal("1100.335"), 80, covered=False)
    assert (paid["THANH_TIEN_BV"], paid["THANH_TIEN_BH"], paid["T_BNTT"], paid["T_BHTT"]) == (
        "3301.01",
        "0.0",
        "3301.01",
        "0.0",
    )
    covered = amounts(Decimal(3), Decimal("1100.335"), 80, covered=True)
    assert (covered["T_BHTT"], covered["T_BNCCT"], covered["T_BNTT"]) == ("2640.81", "660.2", "0.0")


def test_faults_of_claims_stand_where_the_truth_says(hospitals: Hospitals) -> None:
    data = {
        file.path.split("/", 1)[1]: file.data for file in hospitals.files() if file.path.startswith("benh-vien-a")
    }
    faults = {fault.kind: fault for fault in hospitals.faults if fault.hospital == "a"}
    assert set(faults) == {
        "claim-without-key", "control-character", "sum-wrong", "date-impossible", "code-outside-its-set",
        "number-wrong", "line-amount-wrong", "fund-share-wrong", "done-before-order", "payment-before-out",
        "row-number-repeated", "service-twice", "diagnosis-repeated", "scope-wrong", "performer-missing",
        "settlement-early", "corrected-claim", "sent-twice", "truncated-file", "wrong-count", "no-export",
    }  # fmt: skip

    def value(kind: str) -> str:
        fault = faults[kind]
        for tables in _records(data[fault.file]):
            if tables["XML1"][0]["MA_LK"] == fault.record:
                return tables[fault.table][int(fault.row) - 1][fault.field]
        raise AssertionError(kind)

    assert value("date-impossible")[4:8] == "1345"
    assert value("code-outside-its-set") == "9"
    assert not value("number-wrong").isdigit()
    assert value("sum-wrong") != ""
    assert value("scope-wrong") == "2"
    assert value("row-number-repeated") == "1"
    assert value("performer-missing") == ""
    keyless = faults["claim-without-key"]
    number = int(keyless.record.removeprefix("HOSO[").removesuffix("]"))
    assert {row["MA_LK"] for rows in _records(data[keyless.file])[number - 1].values() for row in rows} == {""}
    parts = etree.fromstring(data[faults["control-character"].file]).iter("NOIDUNGFILE")
    assert sum(_FORBIDDEN in base64.b64decode(part.text or "") for part in parts) == 1
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(data[faults["truncated-file"].file])
    twice = faults["sent-twice"].file
    assert data[twice] == data[twice.replace("_gui-lai", "")]
    counted = etree.fromstring(data[faults["wrong-count"].file])
    assert int(counted.findtext(".//SOLUONGHOSO") or 0) != len(counted.findall(".//HOSO"))


def test_the_corrected_claim_is_the_same_claim_with_another_quantity(hospitals: Hospitals) -> None:
    fault = next(fault for fault in hospitals.faults if fault.kind == "corrected-claim")
    versions = [
        tables
        for file in hospitals.claim_files
        if isinstance(file, ClaimFile) and file.keep == 1
        for tables in _records(file.data())
        if tables["XML1"][0]["MA_LK"] == fault.record
    ]
    before, after = versions
    assert int(after["XML2"][0]["SO_LUONG"]) == int(before["XML2"][0]["SO_LUONG"]) // 2
    assert Decimal(after["XML1"][0]["T_THUOC"]) < Decimal(before["XML1"][0]["T_THUOC"])
    assert before["XML4"] == after["XML4"] and before["XML1"][0]["MA_BN"] == after["XML1"][0]["MA_BN"]
