"""A child's chest X-ray on the command line: from a DICOM file to a suggestion, and to everything that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.products.imaging.invented import chest, dicom

Lienthong = Callable[..., Any]
CHILD = {
    "resourceType": "Patient",
    "id": "child",
    "identifier": [{"system": "urn:h", "value": "BN0042"}],
    "birthDate": "2023-03-10",
    "gender": "female",
}


def test_a_picture_becomes_a_suggestion_that_waits(lienthong: Lienthong, tmp_path: Path) -> None:
    export = tmp_path / "patients.ndjson"
    export.write_text(json.dumps(CHILD) + "\n", "utf-8")
    assert lienthong("ingest", export).code == 0
    reports = tmp_path / "reports"
    reports.mkdir()
    picture = dicom(tmp_path / "a.dcm", chest(700, 1.0))
    ran = lienthong("product", "run", "pneumonia-xray", picture, "--reports", reports)
    assert ran.code == 0
    assert (ran.json["computed"], ran.json["new"]) == (1, 1)
    suggestion = ran.json["told"][0]["suggestion"]
    assert (reports / f"{suggestion}.dcm").is_file()
    assert lienthong("export", tmp_path / "out").code == 0
    checked = lienthong("validate", tmp_path / "out")
    assert (checked.code, checked.json["findings"]) == (0, [])
    stored = json.loads((tmp_path / "out" / "RiskAssessment.ndjson").read_text("utf-8"))
    assert (stored["id"], stored["status"]) == (suggestion, "preliminary")
    traced = lienthong("trace", suggestion)
    assert traced.code == 0

    side = dicom(tmp_path / "b.dcm", ViewPosition="LL")
    broken = tmp_path / "c.dcm"
    broken.write_bytes(b"nothing of a picture")
    said = lienthong("product", "run", "pneumonia-xray", picture, side, broken, plain=True)
    assert said.code == 1
    assert "Files: 3; with a figure: 1 (new 0, unchanged 1, decided before 0)" in said.out
    assert "No frontal view" in said.out
    assert "Không đọc được tệp" in said.out
    assert "BN0042" not in said.out + said.err


def test_what_can_not_be_run_is_told(lienthong: Lienthong, tmp_path: Path) -> None:
    picture = dicom(tmp_path / "a.dcm")
    for words, code in (
        (("news2", picture), "product-reads-no-pictures"),
        (("pneumonia-xray", tmp_path / "not-there.dcm"), "product-run-no-file"),
        (("pneumonia-xray", picture, "--reports", tmp_path / "no"), "product-run-no-folder"),
        (("no-product", picture), "product-unknown"),
    ):
        said = lienthong("product", "run", *words)
        assert said.code == 2, words
        assert json.loads(said.out)["error"]["code"] == code


def test_data_of_another_layout_are_refused_and_missing_data_say_where_to_get_them(
    lienthong: Lienthong, tmp_path: Path
) -> None:
    file = tmp_path / "a.npz"
    np.savez(file, test_images=np.zeros((3, 32, 32), np.uint8), test_labels=np.zeros(3, np.uint8))
    said = lienthong("product", "evaluate", "pneumonia-xray", "--data", file)
    assert (said.code, json.loads(said.out)["error"]["code"]) == (2, "data-wrong")
    said = lienthong("product", "evaluate", "pneumonia-xray", env={"LIENTHONG_SUITES": str(tmp_path)})
    assert said.code == 5
    assert "MedMNIST" in said.out
