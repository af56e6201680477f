"""Any change of an HL7 v2 file gives records or rejections: no error, no invalid FHIR, no value of a patient told."""

from __future__ import annotations

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong import sources
from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.core.settings import Settings
from lienthong.fhir import validate
from lienthong.sources import Converted, LeftOut

LIMITS = Settings(max_file_bytes=20 << 20, max_record_bytes=1 << 20)
SECRETS = ("SECRETNAME", "SECRETNUMBER", "SECRETTEXT", "SECRETCODE", "19650517")
ADMISSION = (
    "MSH|^~\\&|HIS|BVA|||20260310081500+0700||ADT^A01^ADT_A01|M1|P|2.5\r"
    "EVN|A01|20260310081500\r"
    "PID|1||SECRETNUMBER^^^BVA&1.2.3&ISO^MR~SECRETNUMBER2^^^CCCD^NI||SECRETNAME&X^An^V^^BS^^L||19650517|F|||"
    "SECRETTEXT&b&c^d^Huế^^^VN^H||^PRN^CP^^84^905^123||VI|M|||SECRETNUMBER3||||Huế|Y|2|||||20260309|Y\r"
    "PD1|||XON^^^^^BVA^XX^^^1|BS1^SECRETNAME^B\r"
    "NK1|1|SECRETNAME^Hoa|SPO|x|0905|0906|C|2020|2021\r"
    "PV1|1|I|NOI^201^2^BVA^^^T1^F2^mô tả|E|P1||BS1^SECRETNAME^B^^^^^^A&1.2&ISO||||MED|||R|1|A2|V|||V1^^^BVA\r"
    "PV2|||R10^SECRETTEXT^I10||||||||4\r"
    "AL1|1|DA|SECRETCODE^SECRETTEXT|SV|SECRETTEXT~y|2020\r"
    "DG1|1|I10|SECRETCODE^SECRETTEXT^I10|SECRETTEXT|20260310|A|||||||||1|BS1^X\r"
    "IN1|1|BHYT|BHXH|XON||||G|N|||20260101|20261231||||SEL\r"
    "MRG|SECRETNUMBER4^^^BVA^MR\rZPI|SECRETTEXT\r"
)
RESULT = (
    "MSH|^~\\&|LIS|BVA|||20260310||ORU^R01|R1|P|2.5.1||||||UNICODE UTF-8\r"
    "PID|1||SECRETNUMBER^^^BVA^MR||SECRETNAME^An||19650517|M\r"
    "PV1|1|I|||||||||||||||||V1\r"
    "ORC|NW|P1|F1|G1|CM||||20260310|||BS2^X\r"
    "OBR|1|P1^HIS|F1^LAB^1.2^ISO|CBC^x^L|S|20260310|20260310090000|202603101000|||A||||BLD&x&L^^t^LA&y|BS1^X||||||"
    "20260310091000||HM|F||||||R10^SECRETTEXT||&SECRETNAME&B\r"
    "NTE|1||SECRETTEXT~b|RE|BS1^X|20260310\r"
    "OBX|1|NM|718-7^Hb^LN|1.1|13.50~2|g/dL^x^UCUM|12-16|H~A|||F|||20260310090500||BS1^X|M^m|||20^site||||XON\r"
    "OBX|2|SN|1^A^L||>^100^-^200|mg/dL|<200||||P\rOBX|3|CWE|2||SECRETCODE^SECRETTEXT^SCT^B^b^LN^1^2^o||||||C\r"
    "OBX|4|ED|PDF||^application^pdf^Base64^SGVsbG8=||||||F\rOBX|5|TX|3||SECRETTEXT\\.br\\\\X41\\||||||X\r"
    "OBX|6|TM|4||0815||||||N\rOBX|7|DR|5||2025^2026\rOBX|8|TS|6||202603100815+0700\rOBX|9|RP|7||http://a^^image^JPEG\r"
    "SPM|1|S1&HIS^S2&LAB||BLD^Blood^HL70487||ADD|M||||||5^mL||SECRETTEXT|||20260310085500^20260310|20260310||Y||||AUT\r"
)
many = settings(max_examples=250, deadline=2000)
PIECES = [b"|", b"^", b"~", b"&", b"\\", b"\r", b"\n", b'""', b"\0", b"\x0b", b"\x1c\r", b"\xff", b"\xc3", b"MSH|"]
PIECES += [b"OBR|", b"OBX|", b"PID|", b"\\X00\\", b"\\.sp99999\\", b"9" * 40, b"1e5", b"-", b" ", b"\xe2\x80\xa8"]


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some cut, copied or replaced."""
    for _ in range(draw(st.integers(1, 6))):
        begin = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), begin + draw(st.integers(0, 60)))
        piece = draw(
            st.one_of(st.just(b""), st.binary(max_size=6), st.sampled_from(PIECES), st.just(data[begin:end] * 2))
        )
        data = data[:begin] + piece + data[end:]
    return data


def check(data: bytes) -> None:
    items = list(sources.convert(io.BytesIO(data), name="a.hl7", sha256="", settings=LIMITS, format="hl7v2"))
    assert items
    for item in items:
        assert isinstance(item, (Converted, LeftOut))
        if isinstance(item, LeftOut):
            continue
        assert not (item.rejected and item.resources)
        findings = [*item.findings, *([item.rejected] if item.rejected else [])]
        told = json.dumps([[f.message, f.cure, f.place.table, f.place.field, f.rule.to_json()] for f in findings])
        assert [secret for secret in SECRETS if secret in told] == []
        for body in item.resources:
            canonical.encode(body)
            faults = [finding for finding in validate(body, invariants=False) if finding.severity is Severity.ERROR]
            assert faults == []
        addresses = [(body["resourceType"], body["id"]) for body in item.resources]
        assert len(set(addresses)) == len(addresses)


@many
@given(changed(ADMISSION.encode()))
def test_admissions(data: bytes) -> None:
    check(data)


@many
@given(changed(ADMISSION.replace("ADT^A01^ADT_A01", "ADT^A40").encode()))
def test_merges(data: bytes) -> None:
    check(data)


@many
@given(changed(RESULT.encode()))
def test_results(data: bytes) -> None:
    check(data)


@many
@given(changed((RESULT + ADMISSION).encode("utf-16")))
def test_several_in_utf_16(data: bytes) -> None:
    check(data)


@many
@given(st.text(st.sampled_from("|^~&\\\r\nMSHPIDOBXR0159.- é"), max_size=300))
def test_nonsense_after_a_header(text: str) -> None:
    check(("MSH|^~\\&|||||2026||ORU^R01|1|P|2.5\rPID|1||1\rOBR|1||F\rOBX|" + text).encode())
    check(text.encode())


def test_the_messages_that_are_changed_are_good() -> None:
    data = (ADMISSION + RESULT).encode()
    items = list(sources.convert(io.BytesIO(data), name="a.hl7", sha256="", settings=LIMITS))
    kinds = {body["resourceType"] for item in items if isinstance(item, Converted) for body in item.resources}
    assert len(kinds) == 13
