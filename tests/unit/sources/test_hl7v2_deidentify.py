"""An HL7 v2 message that can be shown: only fields with a rule are copied, each by its kind."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import lienthong.sources.hl7v2.deidentify as module
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.hl7v2.deidentify import KINDS, Hl7v2Deidentifier

KEY = bytes(range(32))


def test_every_rule_has_a_kind_that_is_known_a_reason_and_a_field_of_its_own() -> None:
    text = Path(module.__file__).with_name("deidentify.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["kind"] for row in rows} <= KINDS
    assert all(row["why"] for row in rows)
    assert len({(row["segment"], row["field"]) for row in rows}) == len(rows) > 120


def shown(data: bytes) -> tuple[str, list[Finding]]:
    made, circles = Hl7v2Deidentifier(), Circles()

    def stream() -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(data))

    for _ in made.learn(stream(), name="x", settings=Settings(), circles=circles, this_year=2026):
        pass
    circles.close()
    out = io.BytesIO()
    items = list(made.rewrite(stream(), out, name="x", settings=Settings(), replacer=Replacer(KEY, circles)))
    return out.getvalue().decode("utf-8"), [item for item in items if isinstance(item, Finding)]


MESSAGE = "\r".join(
    (
        "MSH|^~\\&|HIS|BVMO|LIS|BVMO|20240517083000+0700||ORU^R01^ORU_R01|SH000123-1|P|2.5.1||||||UNICODE UTF-8",
        "PID|1||SH000123^^^BVMO&https://his.example/mrn&URI^MR~079185012345^^^CCCD^NI~GD4790123456789^^^BHYT^HC||"
        "Lò^Thị^Mơ^^^^L||19850203|F|||12 Hoa Mơ^Ninh Kiều^Cần Thơ^^900000^VNM^H||0912345678^PRN^CP^mo@his.example",
        "NK1|1|Trần^Văn^Bình|SPO|12 Hoa Mơ|0987654321",
        "PV1|1|I|K01^2^3^BVMO||||990041/CCHN^Phạm^Hương^^^BS.|||MED|||||||||LK77^^^BVMO^VN"
        + "|" * 25
        + "20240517080000",
        "OBR|1||X1^LIS|GLU^Glucose^99|||20240517083000|||||||||990041/CCHN^Phạm Hương||||||||LAB|F",
        "OBX|1|NM|2345-7^Glucose^LN||83|mg/dL|||||F|||20240517083000",
        "OBX|2|FT|X^Lời dặn^99||Chị Mơ \\T\\ anh Bình, ĐT 0912345678, hẹn 17/05/2024||||||F",
        "OBX|3|ED|X^Ảnh^99||^IM^PNG^Base64^AAAABBBB||||||F",
        "NTE|1||Lò Thị Mơ tái khám",
        "ZPI|Lò Thị Mơ|0912345678",
    )
)


def test_nothing_of_a_person_is_left_in_any_byte() -> None:
    text, refused = shown(MESSAGE.encode())
    assert refused == []
    for gone in (
        "SH000123",
        "079185012345",
        "0123456789",
        "Mơ",
        "Bình",
        "Hương",
        "0912345678",
        "0987654321",
        "900000",
    ):
        assert gone not in text
    for gone in (
        "his.example",
        "BVMO",
        "AAAABBBB",
        "ZPI",
        "20240517",
        "17/05/2024",
        "19850203",
        "LK77",
        "990041",
        "Ninh",
    ):
        assert gone not in text


def test_values_codes_and_types_are_kept() -> None:
    lines = {
        line.split("|")[0] + line.split("|")[1]: line.split("|")
        for line in shown(MESSAGE.encode())[0].split("\r")
        if line
    }
    assert lines["OBX1"][2:7] == ["NM", "2345-7^Glucose^LN", "", "83", "mg/dL"]
    assert lines["PID1"][8] == "F"
    assert [part.split("^")[4] for part in lines["PID1"][3].split("~")] == ["MR", "NI", "HC"]
    assert lines["PV11"][3].startswith("K01^2^3^")
    assert len(lines["PID1"][7]) == 8


def test_other_delimiters_and_frames_are_read_and_the_usual_are_written() -> None:
    other = MESSAGE.replace("^~\\&", "\0").replace("|", "!").replace("\0", "@~\\&").replace("^", "@")
    text, refused = shown(b"\x0b" + other.encode() + b"\x1c\r")
    assert refused == []
    assert text.startswith("MSH|^~\\&|")
    assert "Mơ" not in text and "SH000123" not in text


@pytest.mark.parametrize("data", [b"MSH|^~\\&", b"MSH|||||", b"MSH|^^^^|", b"MSH|^~\\&|\xff\xfe|x\rPID|1||\xff"])
def test_what_cannot_be_taken_apart_is_named_and_not_copied(data: bytes) -> None:
    text, refused = shown(data + b"\r")
    assert (len(refused) == 1) is (text == "") or "|" in text
    assert "\ufffd" not in text
