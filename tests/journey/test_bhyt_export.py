"""A hospital takes its claims out again as the insurer's XML, and reads what the files could not carry."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.generative.test_bhyt_round_trip import rows_of

from lienthong.core.errors import LienthongError
from lienthong.demo import hospitals
from lienthong.sources.bhyt.write import envelope

Run = Callable[..., Any]
DAY = date(2026, 8, 15)
FIRST = {
    "MA_LK": "LK1",
    "STT": "1",
    "MA_BN": "BN1",
    "HO_TEN": "Trần Thị Bình",
    "DIA_CHI": "Xóm 1",
    "NGAY_SINH": "196505170000",
    "MA_BENH_CHINH": "I10",
    "CHAN_DOAN_RV": "Tăng huyết áp",
    "NGAY_VAO": "202608030845",
    "NGAY_RA": "202608031015",
    "T_TONGCHI_BV": "69999.99",
    "MA_LOAI_KCB": "01",
    "MA_CSKCB": "99999",
}
DRUG = {"MA_LK": "LK1", "STT": "1", "MA_THUOC": "40.17", "TEN_THUOC": "Thuốc A", "HAM_LUONG": "5mg"}
DRUG |= {"SO_LUONG": "30", "DON_GIA": "2333.333", "THANH_TIEN_BV": "69999.99", "T_NGUONKHAC": "0.00"}
MOVED = {**FIRST, "MA_LK": "LK2", "DIA_CHI": "Xóm 2", "STT": "2"}


def test_what_went_in_comes_out(lienthong: Run, tmp_path: Path) -> None:
    data = envelope("99999", [{"XML1": [FIRST], "XML2": [DRUG]}, {"XML1": [MOVED]}], DAY)
    (tmp_path / "claims.xml").write_bytes(data)
    lienthong("ingest", tmp_path / "claims.xml")
    done = lienthong("export", tmp_path / "out", "--what", "bhyt")
    assert done.json["files"] == {"99999-0001.xml": 2, "losses.json": _kinds(tmp_path)}
    out = (tmp_path / "out" / "99999-0001.xml").read_bytes()
    # Also the address: the person has moved, and each visit is told as it was.
    assert rows_of(out) == rows_of(data)


def _kinds(tmp_path: Path) -> int:
    return len(json.loads((tmp_path / "out" / "losses.json").read_text(encoding="utf-8")))


def test_the_report_names_what_fhir_had_and_a_claim_can_not_carry(lienthong: Run, tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Lê", "given": ["An"]}], "maritalStatus": {}}
    patient["maritalStatus"] = {"text": "x"}
    visit = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2026-08-03T01:45:00Z"},
    }
    allergy = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    allergy |= {"subject": {"reference": "Patient/p"}, "encounter": {"reference": "Encounter/e"}}
    claim = {
        "resourceType": "Claim",
        "id": "c",
        "status": "active",
        "type": {"text": "x"},
        "use": "claim",
        "patient": {"reference": "Patient/p"},
        "created": "2026-08-03",
        "provider": {"display": "x"},
        "priority": {"text": "x"},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "x"}}],
        "item": [
            {
                "sequence": 1,
                "productOrService": {"text": "Khám"},
                "net": {"value": 37500, "currency": "VND"},
                "encounter": [{"reference": "Encounter/e"}],
            }
        ],
    }
    second = {**claim, "id": "c2"}  # of FHIR one visit may have several claims
    lines = "".join(json.dumps(body) + "\n" for body in (patient, visit, allergy, claim, second))
    (tmp_path / "all.ndjson").write_text(lines, encoding="utf-8")
    lienthong("ingest", tmp_path / "all.ndjson")
    lienthong("export", tmp_path / "out", "--what", "bhyt")
    told = json.loads((tmp_path / "out" / "losses.json").read_text(encoding="utf-8"))
    whats = {item["what"] for item in told}
    assert {"Patient.maritalStatus", "Observation", "XML1.MA_BENH_CHINH"} <= whats
    assert not any("37500" in str(item) or "Lê" in str(item) for item in told)
    rows, _ = rows_of((tmp_path / "out" / "claims-0001.xml").read_bytes()).values()
    (first,) = rows["XML1"]
    assert (first["HO_TEN"], first["NGAY_VAO"]) == ("Lê An", "202608030845")  # UTC becomes the facility's time
    assert (rows["XML3"][0]["TEN_DICH_VU"], rows["XML3"][0]["THANH_TIEN_BV"]) == ("Khám", "37500")


def test_an_unknown_kind_of_export_says_what_there_is(lienthong: Run, tmp_path: Path) -> None:
    lienthong("ingest", tmp_path)
    done = lienthong("export", tmp_path / "out", "--what", "xml")
    assert done.code == 2
    assert done.json["error"]["allowed"] == "fhir, bhyt, omop, views"


def everything(folder: Path) -> dict[str, Any]:
    """The claims of a folder's readable files by MA_LK, the later file's where one stands in two."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.xml")):
        with contextlib.suppress(LienthongError):  # the demo has a file that is cut off
            found.update(rows_of(path.read_bytes()))
    return found


@pytest.mark.slow
def test_the_demos_hospital_comes_out_as_it_went_in(lienthong: Run, tmp_path: Path) -> None:
    hospitals.write(tmp_path / "demo", 5, None, visits=60)
    hospital = tmp_path / "demo" / "benh-vien-a"
    lienthong("ingest", hospital)
    assert lienthong("export", tmp_path / "out", "--what", "bhyt").code == 0
    claims = everything(hospital)
    assert len(claims) > 20
    assert everything(tmp_path / "out") == claims


@pytest.mark.suite
def test_the_samples_come_out_as_they_went_in(lienthong: Run, tmp_path: Path, suites: Callable[[str], Path]) -> None:
    samples = suites("bhyt_samples")
    lienthong("ingest", samples)
    lienthong("export", tmp_path / "out", "--what", "bhyt")
    assert everything(tmp_path / "out") == everything(samples)
    assert json.loads((tmp_path / "out" / "losses.json").read_text("utf-8")) == []
