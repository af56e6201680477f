"""The pages over a real node: a suggestion is signed with the physician's own key, every look stands in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.web.conftest import Bytes, TestClient, token

from lienthong.core.actors import Actor, Role
from lienthong.node import Node
from lienthong.web import app

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
PASSWORD, PASSPHRASE = "một mật khẩu đủ dài", "một cụm mật khẩu đủ dài"
NAME, NATIONAL_ID = "Nguyễn Thị Hồng Đào", "001162012345"


def number(id: str, loinc: str, value: str, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-03",
        "valueQuantity": {"value": float(value), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"},
    }


EXPORT: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"text": NAME}],
        "gender": "female",
        "birthDate": "1962-03-08",
        "identifier": [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": NATIONAL_ID}],
    },
    number("o1", "8480-6", "151", "mm[Hg]"),
    number("o2", "2093-3", "6.2", "mmol/L"),
    number("o3", "2085-9", "1.4", "mmol/L"),
    {
        "resourceType": "Observation",
        "id": "o4",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72166-2"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-03",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "266919005"}]},
    },
]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    export = tmp_path / "export"
    export.mkdir()
    (export / "lab.ndjson").write_text("".join(json.dumps(item) + "\n" for item in EXPORT), encoding="utf-8")
    (export / "README.txt").write_text("not an export", encoding="utf-8")
    with Node(tmp_path / "home", actor=Actor("op", operator=True), clock=lambda: NOW) as made:
        made.ingest([export])
        made.build()
        made.run_product("cvd-risk")
        made.add_person(
            "bs.lan",
            display="BS. Vũ Ngọc Lan",
            roles=[Role.PHYSICIAN],
            licence="012345/HNO-CCHN",
            password=PASSWORD,
            passphrase=PASSPHRASE,
        )
        made.add_person(
            "ks.minh",
            display="KS. Đỗ Minh",
            roles=[Role.DATA_ENGINEER],
            licence="",
            password=PASSWORD,
            passphrase=None,
        )
        yield made


def client(node: Node, name: str) -> TestClient:
    made = TestClient(app(node, clock=node.clock, random=Bytes()), follow_redirects=False)
    page = token(made.get("/sign-in").text)
    assert made.post("/sign-in", data={"name": name, "password": PASSWORD, "form_token": page}).status_code == 303
    return made


def test_from_the_worklist_to_a_signed_decision(node: Node) -> None:
    physician = client(node, "bs.lan")
    (row,) = physician.get("/worklist.json").json()["rows"]
    assert (row["name"], row["age"], row["of"], row["years"]) == (NAME, 64, 100, 10)
    page, suggestion = f"/patient/{row['person']}", row["suggestion"]
    html = physician.get(page).text
    assert f"Khoảng {row['count']} trên 100 người như vậy" in html
    assert "239,72 mg/dL" in html and "ghi là 6.2 mmol/L" in html and "151 mmHg" in html
    assert 'href="/resource/Observation/' in html

    form = {"form_token": token(html), "verdict": "reject", "reason": "Đã có kết quả mới hơn", "version": "1"}
    sign = f"{page}/suggestion/{suggestion}/sign"
    assert physician.post(f"{page}/suggestion/{suggestion}/confirm", data=form).status_code == 200
    assert physician.post(sign, data={**form, "passphrase": "sai hoàn toàn"}).status_code == 403
    assert physician.get("/worklist.json").json()["rows"], "nothing was signed"
    done = physician.post(sign, data={**form, "passphrase": PASSPHRASE})
    assert done.status_code == 303
    html = physician.get(done.headers["location"]).text
    assert "BS. Vũ Ngọc Lan, giấy phép số 012345/HNO-CCHN" in html
    assert "Đã từ chối" in html and "vừa kiểm tra: hợp lệ" in html
    assert physician.get("/worklist.json").json()["rows"] == []
    again = physician.post(sign, data={**form, "passphrase": PASSPHRASE})
    assert again.status_code == 409
    (signed,) = node.ledger.of(f"RiskAssessment/{suggestion}")
    assert signed.statement.signer == "bs.lan" and node.ledger.verify(signed)


def test_the_suggestion_of_one_patient_is_not_signed_on_the_page_of_another(node: Node) -> None:
    physician = client(node, "bs.lan")
    (row,) = physician.get("/worklist.json").json()["rows"]
    form = {"verdict": "accept", "version": "1", "passphrase": PASSPHRASE}
    form["form_token"] = token(physician.get("/worklist").text)
    answer = physician.post(f"/patient/somebody-else/suggestion/{row['suggestion']}/sign", data=form)
    assert answer.status_code in (403, 404)
    assert node.ledger.all() == []


def test_every_look_is_logged_and_the_log_names_nobody(node: Node) -> None:
    physician = client(node, "bs.lan")
    (row,) = physician.get("/worklist.json").json()["rows"]
    page = f"/patient/{row['person']}"
    html = physician.get(page).text
    assert NATIONAL_ID not in html
    before = [entry["action"] for entry in node.log.entries()]
    assert before.count("read-worklist") == 1 and before.count("read-person") == 1
    assert "read-identifiers" not in before
    physician.post(f"{page}/identifiers", data={"form_token": token(html)})
    assert NATIONAL_ID in physician.get(page).text
    entries = list(node.log.entries())
    assert "read-identifiers" in [entry["action"] for entry in entries]
    told = json.dumps(entries, ensure_ascii=False)
    for secret in (NAME, NATIONAL_ID, row["person"]):
        assert secret not in told
    assert node.log.verify() == []


def test_the_engineer_follows_a_file_to_its_resources_and_sees_no_patient_page(node: Node) -> None:
    engineer = client(node, "ks.minh")
    html = engineer.get("/ingest").text
    assert "Mọi hồ sơ đã đọc đều được lưu" in html and "lab.ndjson" in html and "README.txt" in html
    whole = engineer.get("/ingest/1.json").json()
    assert whole["records"] == whole["kept"] == 5 and whole["balances"] is True
    file = engineer.get("/ingest/1/file/1").text
    link = file.split('href="/resource/Patient/')[1].split('"')[0]
    resource = engineer.get(f"/resource/Patient/{link}").text
    assert "lab.ndjson" in resource and "line" in resource
    assert engineer.get("/worklist").status_code == 403
    assert engineer.get("/ingest/99").status_code == 404 and engineer.get("/ingest/1/file/99").status_code == 404


def test_whose_role_has_ended_is_refused_in_the_same_session(node: Node) -> None:
    physician = client(node, "bs.lan")
    assert physician.get("/worklist").status_code == 200
    node.retire_person("bs.lan")
    assert physician.get("/worklist").status_code == 303


def test_what_waits_in_quarantine_is_said_again_when_its_file_is_given_again(node: Node, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ndjson"
    broken.write_text('{"resourceType": "Patient", "id": "p9"}\n{"resourceType": "Patie\n')
    for _ in range(2):
        done = node.ingest([broken]).published
        assert done.quarantined.records == 1
        (row,) = client(node, "ks.minh").get(f"/ingest/{done.batch}/quarantine.json").json()["rows"]
        assert row["record"] == "line 2"
