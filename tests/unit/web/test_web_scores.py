"""A score on the pages of a real node: points instead of people, the urgent first, to be accepted or rejected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.web.conftest import TestClient, token
from tests.unit.web.test_web_on_a_node import EXPORT, NAME, NOW, PASSPHRASE, PASSWORD, client

from lienthong.core.actors import Actor, Role
from lienthong.node import Node

MORNING = "2026-11-20T08:00:00+07:00"
SIGNS = {"9279-1": (26, "/min"), "59408-5": (91, "%"), "8480-6": (98, "mm[Hg]"), "8310-5": (38.55, "Cel")}


def sign(loinc: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"v{loinc}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/p2"},
        "effectiveDateTime": MORNING,
        "valueQuantity": {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"},
    }


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    ill = {"resourceType": "Patient", "id": "p2", "name": [{"text": "Trần Văn Đức"}], "birthDate": "1950-01-01"}
    export = [*EXPORT, ill, *(sign(loinc, value, unit) for loinc, (value, unit) in SIGNS.items())]
    file = tmp_path / "lab.ndjson"
    file.write_text("".join(json.dumps(item) + "\n" for item in export), encoding="utf-8")
    with Node(tmp_path / "home", actor=Actor("op", operator=True), clock=lambda: NOW) as made:
        made.ingest([file])
        made.build()
        made.run_product("cvd-risk")
        made.run_product("news2")
        made.add_person(
            "bs.lan",
            display="BS. Vũ Ngọc Lan",
            roles=[Role.PHYSICIAN],
            licence="012345/HNO-CCHN",
            password=PASSWORD,
            passphrase=PASSPHRASE,
        )
        yield made


@pytest.fixture
def physician(node: Node) -> TestClient:
    return client(node, "bs.lan")


def test_an_emergency_stands_before_a_risk(physician: TestClient) -> None:
    first, second = physician.get("/worklist.json").json()["rows"]
    assert (first["name"], first["points"], first["points_at_most"], first["points_of"]) == (
        "Trần Văn Đức",
        9,
        17,
        20,
    )
    assert (first["count"], first["of"]) == (None, None)
    assert (second["name"], second["points"]) == (NAME, None)
    html = physician.get("/worklist").text
    assert "Ít nhất 9 trên 20 điểm" in html and "ngưỡng cấp cứu" in html
    assert html.index("Trần Văn Đức") < html.index(NAME)
    assert "chưa có con số" not in html


def test_the_patient_page_tells_points_and_offers_no_other_figure(physician: TestClient) -> None:
    row = physician.get("/worklist.json").json()["rows"][0]
    html = physician.get(f"/patient/{row['person']}").text
    assert "Ít nhất 9 trên 20 điểm: nguy cơ lâm sàng cao" in html
    assert "có thể tới 17 điểm" in html
    assert "38,6 °C (ghi 38,55, đã làm tròn)" in html
    assert "Tri giác: chưa có trong hồ sơ; có thể 0–3 điểm" in html
    assert "Không dùng cho người dưới 16 tuổi" in html
    assert "người như vậy" not in html and 'value="change"' not in html
    assert "doi:" not in html


def test_another_figure_is_refused_by_name_and_nothing_is_signed(node: Node, physician: TestClient) -> None:
    row = physician.get("/worklist.json").json()["rows"][0]
    page = f"/patient/{row['person']}"
    form = {"form_token": token(physician.get(page).text), "verdict": "change", "change": "30", "reason": "x"}
    form |= {"version": "1", "passphrase": PASSPHRASE}
    answer = physician.post(f"{page}/suggestion/{row['suggestion']}/sign", data=form)
    assert answer.status_code == 400
    assert node.ledger.all() == []


def test_it_is_accepted_with_a_signature(node: Node, physician: TestClient) -> None:
    row = physician.get("/worklist.json").json()["rows"][0]
    page = f"/patient/{row['person']}"
    form = {"form_token": token(physician.get(page).text), "verdict": "accept", "version": "1"}
    asked = physician.post(f"{page}/suggestion/{row['suggestion']}/confirm", data=form).text
    assert "ít nhất 9 trên 20 điểm, nguy cơ lâm sàng cao" in asked
    done = physician.post(f"{page}/suggestion/{row['suggestion']}/sign", data={**form, "passphrase": PASSPHRASE})
    assert done.status_code == 303
    html = physician.get(done.headers["location"]).text
    assert "Đã chấp nhận" in html and "Ít nhất 9 trên 20 điểm" in html
    assert len(node.ledger.all()) == 1
