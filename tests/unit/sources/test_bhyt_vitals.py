"""Vital signs in the notes that hospitals write: exact ones become values with their place, others are told."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from lienthong.sources.bhyt.vitals import Unclear, VitalSign, vital_signs


def read(text: str) -> tuple[dict[str, list[str]], set[str]]:
    """The values by sign, and the signs that are unclear."""
    signs = list(vital_signs(text))
    values = {sign.name: [str(part[2]) for part in sign.values] for sign in signs if isinstance(sign, VitalSign)}
    return values, {sign.name for sign in signs if isinstance(sign, Unclear)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M: 96; NĐ: 38.5; HA: 130/80", {"M": ["96"], "NĐ": ["38.5"], "HA": ["130", "80"]}),
        ("Mạch 80 l/p, nhiệt độ 37,5 oC, huyết áp 110/70mmHg", {"M": ["80"], "NĐ": ["37.5"], "HA": ["110", "70"]}),
        ("Mach: 80, nhiet do: 37, huyet ap: 110/70", {"M": ["80"], "NĐ": ["37"], "HA": ["110", "70"]}),
        ("MẠCH: 80 lần/phút. HA 120/80", {"M": ["80"], "HA": ["120", "80"]}),
        ("SpO2: 96%; NT: 20 l/p", {"SpO2": ["96"], "NT": ["20"]}),
        ("SPO2 98%/khí phòng, nhịp thở: 18 lần/phút", {"SpO2": ["98"], "NT": ["18"]}),
        ("Cân nặng: 52,5 kg; Chiều cao: 160 cm", {"CN": ["52.5"], "CC": ["160"]}),
        ("Chiều cao 1m62, cân nặng 50kg", {"CC": ["162"], "CN": ["50"]}),
        ("Chiều cao: 1,65 m", {"CC": ["165.00"]}),
        ("M: 96, sau 1h M: 96", {"M": ["96"]}),
        ("thở oxy 2 l/p, tim đều, bụng mềm", {}),
        ("THA: 130/80", {}),
        ("Bệnh tỉnh, M 96", {}),
    ],
)
def test_what_is_said_exactly_is_read(text: Any, expected: Any) -> None:
    assert read(text) == (expected, set())


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("HA:130/80 lúc 8h, HA:140/90 lúc 10h", {"HA"}),
        ("HA: 80/130; M: 5; NĐ: 99", {"HA", "M", "NĐ"}),
        ("HA: 130/80/60", {"HA"}),
        ("HA 13/8 cmHg", {"HA"}),
        ("Mạch: 80-90", {"M"}),
        ("Nhiệt độ: 98.6 F", {"NĐ"}),
        ("Nhiệt độ: 99 °F", {"NĐ"}),
        ("SpO2: 980", {"SpO2"}),
        ("Cân nặng: 3200g", {"CN"}),
        ("Nhịp thở: 20/40", {"NT"}),
    ],
)
def test_what_is_unclear_gives_no_value_and_is_told(text: Any, unclear: Any) -> None:
    assert read(text) == ({}, unclear)


@pytest.mark.parametrize("text", ["CN: 12/8 tái khám", "CC: 115", "NT: 20 tháng 8", "CC: cấp cứu"])
def test_short_names_with_other_meanings_need_their_unit(text: Any) -> None:
    assert read(text) == ({}, set())


def test_each_value_says_where_it_stood() -> None:
    text = "Tỉnh. Mạch: 80 l/p; HA: 120/80"
    spans = {sign.name: text[sign.start : sign.end] for sign in vital_signs(text)}
    assert spans == {"M": "Mạch: 80", "HA": "HA: 120/80"}


def test_the_observation_carries_the_span_and_an_unclear_one_a_finding(bhyt: Any, read_bytes: Any) -> None:
    note = {"DIEN_BIEN_LS": "Tỉnh. M: 80; HA: 80/130", "THOI_DIEM_DBLS": "202608030850", "NGUOI_THUC_HIEN": "1"}
    (item,) = read_bytes(bhyt.claim(XML5=[note]))
    pulse = next(body for body in item.resources if body.get("valueQuantity", {}).get("code") == "/min")
    assert pulse["derivedFrom"][0]["display"] == "DIEN_BIEN_LS[6:11]"
    assert item.origin.fields[f"Observation/{pulse['id']}#code"] == "XML5[1].DIEN_BIEN_LS[6:11]"
    assert pulse["valueQuantity"]["value"] == Decimal(80)
    (finding,) = item.findings
    assert (finding.code, str(finding.severity), finding.place.field) == (
        "bhyt-vital-unclear",
        "information",
        "DIEN_BIEN_LS",
    )
    assert "HA" in finding.message and "130" not in finding.message


@pytest.mark.parametrize(
    "label", ["ha", "nt", "cn", "cc", "m", "nhịp", "nt 20", "chiều cao 1,65", "huyết áp 120", "1m"]
)
def test_a_note_of_blanks_takes_no_more_than_its_length(label: Any) -> None:
    began = time.monotonic()
    assert list(vital_signs((label + " " * 200_000) * 3)) in ([], list(vital_signs(label + " ")))
    assert list(vital_signs(f"{label} " * 50_000)) is not None
    assert time.monotonic() - began < 10  # seconds, where a quadratic reader takes hours
