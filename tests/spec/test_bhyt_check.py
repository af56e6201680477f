"""How claims are judged: to the đồng, by date, one finding for one fault, silent where nothing is certain."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.spec.claims import (
    Tables,
    codes,
    examined,
    inpatient,
    outpatient,
    plus,
    sum_up,
)

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Severity
from lienthong.core.settings import Settings
from lienthong.sources.bhyt import BY_ID, RULES, Choice, Family, choose, examine, layout, together

Base = Callable[[], Tables]


def put(tables: Tables, table: str, row: int, **fields: str) -> Tables:
    """Sets fields of a row (counted from 1)."""
    tables[table][row - 1] |= fields
    return tables


def add(tables: Tables, table: str, row: int, field: str, amount: str) -> Tables:
    tables[table][row - 1][field] = plus(tables[table][row - 1][field], amount)
    return tables


def test_findings_hold_no_value_of_the_claim() -> None:
    tables = outpatient()
    secret = {"HO_TEN": "Nguyễn Thị Bí Mật", "SO_CCCD": "999999999999", "MA_THE_BHYT": "DN90BIMAT"}
    tables["XML1"][0] |= secret
    for finding in examined(tables).findings:
        assert not any(value in str(finding.to_json()) for value in secret.values())


def test_the_rules_say_all_in_both_languages_and_name_their_source() -> None:
    for rule in RULES:
        assert rule.title.vi.endswith(".") and rule.title.en.endswith("."), rule.id
        assert rule.cure.vi and rule.cure.en, rule.id
        assert rule.title.vi != rule.title.en, rule.id
    assert {rule.family for rule in RULES} == set(Family)
    assert len(RULES) > 120


def test_a_rule_can_be_off_or_only_warn() -> None:
    tables = outpatient()
    add(tables, "XML1", 1, "T_THUOC", "1000")
    assert examined(tables).findings[0].severity is Severity.ERROR
    assert examined(tables, choose((), ("bhyt-total-drugs",))).findings[0].severity is Severity.WARNING
    assert examined(tables, choose(("bhyt-total-drugs",), ())).findings == ()


def test_the_language_is_the_clerks() -> None:
    tables = outpatient()
    add(tables, "XML1", 1, "T_THUOC", "1000")
    rule = BY_ID["bhyt-total-drugs"]
    assert examined(tables).findings[0].message == rule.title.vi
    assert examined(tables, Choice("en")).findings[0].message == rule.title.en


@pytest.mark.parametrize(
    ("day_out", "card", "is_wrong"),
    [
        ("202103311200", "0199000000", True),
        ("202104011200", "0199000000", False),
        ("202104011200", "001199000000", False),
        ("202103311200", "DN4010199000000", False),
        ("202601161548", "DN4010199000000;0199000000", False),
        ("202601161548", "dn4010199000000", True),
    ],
)
def test_ten_digits_are_a_card_from_the_day_they_may_be(day_out: str, card: str, is_wrong: bool) -> None:
    tables = outpatient()
    tables["XML1"][0] |= {"NGAY_RA": day_out, "MA_THE_BHYT": card}
    assert ("bhyt-card-shape" in codes(examined(tables).findings)) is is_wrong


def test_sums_are_held_to_the_dong_and_not_to_the_last_decimal() -> None:
    for amount, is_wrong in (("0.99", False), ("-0.99", False), ("1", True), ("-1", True)):
        tables = outpatient()
        add(tables, "XML1", 1, "T_BHTT", amount)
        assert bool(examined(tables).findings) is is_wrong


def test_one_wrong_line_is_one_finding_where_the_totals_are_right() -> None:
    tables = outpatient()
    add(tables, "XML2", 1, "THANH_TIEN_BV", "10000")
    assert codes(examined(tables).findings) == {"bhyt-line-hospital-amount": 1}
    sum_up(tables)
    assert codes(examined(tables).findings) == {"bhyt-line-hospital-amount": 1}


def test_a_number_that_can_not_be_read_blames_no_sum() -> None:
    tables = outpatient()
    put(tables, "XML2", 1, THANH_TIEN_BV="nhiều")
    assert codes(examined(tables).findings) == {"bhyt-number-wrong": 1}


def test_what_the_decisions_can_mean_is_no_fault() -> None:
    """A second examination of the day pays 30 %: the hospital's amount may hold the rate or not."""
    for hospital in ("50600", "15180"):
        tables = outpatient()
        level = Decimal(tables["XML3"][0]["MUC_HUONG"])
        fund = Decimal("15180") * level / 100
        tables["XML3"][0] |= {
            "TYLE_TT_DV": "30",
            "THANH_TIEN_BV": hospital,
            "THANH_TIEN_BH": "15180",
            "T_BHTT": str(fund),
            "T_BNCCT": str(Decimal("15180") - fund),
            "T_BNTT": str(Decimal(hospital) - Decimal("15180")),
        }
        sum_up(tables)
        assert codes(examined(tables).findings) == {}


def _across(*claims: Tables) -> dict[str, int]:
    traces = [item.trace for item in (examined(tables, file=f"{number}.xml") for number, tables in enumerate(claims))]
    return codes(tuple(together([item for item in traces if item is not None], Choice())))


def _keyed(tables: Tables, key: str) -> Tables:
    for rows in tables.values():
        for row in rows:
            row["MA_LK"] = key
    return tables


def _during(start: Base, key: str, **fields: str) -> Tables:
    tables = _keyed(start(), key)
    tables["XML1"][0] |= {"MA_BN": "SH1"} | fields
    return tables


def test_what_claims_break_together() -> None:
    stay = _during(inpatient, "A")
    exam = {"NGAY_VAO": "202601070800", "NGAY_RA": "202601071000"}
    assert _across(stay, _during(inpatient, "B", NGAY_VAO="202601090800", NGAY_RA="202601120800")) == {
        "bhyt-stays-overlap": 1
    }
    assert _across(stay, _during(outpatient, "B", **exam)) == {"bhyt-visit-during-stay": 1}
    assert _across(stay, _during(outpatient, "B", **exam, MA_BN="SH2")) == {}, "somebody else"
    before = {"NGAY_VAO": "202601050700", "NGAY_RA": "202601050930"}
    assert _across(stay, _during(outpatient, "B", **before)) == {}, "an examination that ends in the admission"
    assert _across(stay, _during(inpatient, "A")) == {"bhyt-record-in-two-files": 1}
    dead = _during(inpatient, "A", KET_QUA_DTRI="5")
    assert _across(dead, _during(outpatient, "B")) == {"bhyt-visit-after-death": 1}
    assert _across(dead, _during(outpatient, "B", NGAY_VAO="202601010800", NGAY_RA="202601010900")) == {}
    assert _across(_during(outpatient, "A"), _during(outpatient, "B")) == {"bhyt-service-in-two-claims": 1}


def test_every_rule_across_claims_is_broken_somewhere_above() -> None:
    told = {rule.id for rule in RULES if rule.look is None and rule.family is Family.DUPLICATES}
    assert told == {
        "bhyt-record-in-two-files",
        "bhyt-stays-overlap",
        "bhyt-visit-during-stay",
        "bhyt-visit-after-death",
        "bhyt-service-in-two-claims",
    }


def test_everything_that_reading_can_find_has_its_words() -> None:
    """The codes of findings that the reader of claims gives: each is a rule, with text in both languages."""
    of_conversion = {"bhyt-vital-unclear"}  # seen only when FHIR is made
    told = set()
    for path in sorted(Path(layout.__file__).parent.glob("*.py")):
        for pattern in (r'(?:note|_note|broken)\([^)]*?"(bhyt-[a-z0-9-]+)"', r'ErrorKind\(\s*"(bhyt-[a-z0-9-]+)"'):
            told |= set(re.findall(pattern, path.read_text("utf-8"), re.DOTALL))
        told |= set(re.findall(r'Finding\([^)]*?"(bhyt-[a-z0-9-]+)"', path.read_text("utf-8"), re.DOTALL))
    assert len(told) > 20
    assert told - of_conversion - BY_ID.keys() == set()


def _file(*tables: tuple[str, str]) -> bytes:
    inner = "".join(
        f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE>{text}</NOIDUNGFILE></FILEHOSO>" for name, text in tables
    )
    return (
        "<GIAMDINHHS><THONGTINDONVI><MACSKCB>01999</MACSKCB></THONGTINDONVI><THONGTINHOSO><SOLUONGHOSO>1</SOLUONGHOSO>"
        f"<DANHSACHHOSO><HOSO>{inner}</HOSO></DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>"
    ).encode()


def _read(data: bytes) -> dict[str, int]:
    stream: Any = BufferedReader(BytesIO(data))
    found = examine(stream, Choice(), name="a.xml", sha256="", settings=Settings(), source=None)
    return codes(tuple(finding for item in found for finding in (*item.findings, *filter(None, [item.rejected]))))


def _fields(**values: str) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def test_a_claim_of_4210_is_judged_by_what_it_shares() -> None:
    """Its sums and papers were others; its times and its card are what they are today."""
    older = dict.fromkeys(layout.fields("XML1", older=True), "")
    older |= {"MA_LK": "1", "MA_BN": "2", "MA_THE": "DN4010199000000", "NGAY_VAO": "202301160800", "T_TONGCHI": "5"}
    fine = older | {"NGAY_RA": "202301160900", "MA_BENH": "J20", "GIOI_TINH": "1", "MA_CSKCB": "01999"}
    assert _read(_file(("XML1", f"<TONG_HOP>{_fields(**fine)}</TONG_HOP>"))) == {}
    wrong = fine | {"NGAY_RA": "202301160700"}
    assert _read(_file(("XML1", f"<TONG_HOP>{_fields(**wrong)}</TONG_HOP>"))) == {"bhyt-period-order": 1}
    late = fine | {"NGAY_VAO": "202601160800", "NGAY_RA": "202601160900"}
    assert _read(_file(("XML1", f"<TONG_HOP>{_fields(**late)}</TONG_HOP>"))) == {"bhyt-layout-ended": 1}


def test_a_table_that_is_sent_alone_is_no_claim() -> None:
    """A check-in (XML0) is read and its rows are looked at; the rules of a claim are not asked."""
    row = dict.fromkeys(layout.fields("XML0"), "")
    row |= {"MA_LK": "1", "STT": "1", "MA_BN": "2", "HO_TEN": "A", "NGAY_SINH": "197105230000", "GIOI_TINH": "2"}
    row |= {"MA_DOITUONG_KCB": "1.1", "NGAY_VAO": "202601161312", "MA_LOAI_KCB": "01", "MA_CSKCB": "01999"}
    row |= {"NGAY_YL": "202601161312", "MA_DICH_VU": "02.03", "TEN_DICH_VU": "Khám"}
    begin, middle, last = layout.PATHS["XML0"]
    text = f"<{begin}><{middle}><{last}>{_fields(**row)}</{last}></{middle}></{begin}>".encode()
    assert _read(text) == {}
    assert _read(text.replace(b"202601161312", b"202613451312")) == {"bhyt-date-wrong": 2}


def test_an_envelope_of_another_feed_is_said_in_the_clerks_words() -> None:
    with pytest.raises(LienthongError, match="health check"):
        _read(b"<KHAMSUCKHOE><A/></KHAMSUCKHOE>")
    assert BY_ID["bhyt-envelope-other"].title.vi.startswith("Tệp XML này")
