"""A maker's way with evidence: lock, open, run, sign; a visitor repeats it; whoever edits it is found."""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Lienthong = Callable[..., Any]
PASSPHRASE = {"LIENTHONG_PASSPHRASE": "trời xanh mây trắng", "LIENTHONG_PASSWORD": "mat khau dai"}
COLUMNS = (
    "sex",
    "age",
    "systolic",
    "total-cholesterol",
    "hdl",
    "smoking",
    "diabetes",
    "treatment",
    "event",
    "province",
)


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """An invented cohort of 400 in the layout of cvd-risk; older people have events more often."""
    chance = random.Random(5)
    path = tmp_path / "cohort.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for index in range(400):
            age = chance.randint(30, 74)
            event = chance.random() < 1 / (1 + math.exp(-(age - 65) / 8))
            hdl = "" if index % 50 == 0 else chance.randint(30, 80)
            row = [chance.choice(["female", "male"]), age, chance.randint(100, 180), chance.randint(140, 280), hdl]
            row += [chance.choice(["never", "current"]), chance.choice(["", "1"]), "", int(event)]
            writer.writerow([*row, "Hà Nội" if index % 2 else "Huế"])
    return path


def evaluator(lienthong: Lienthong) -> None:
    made = lienthong("user", "add", "kiem", "--display", "Kiểm định", "--role", "evaluator", env=PASSPHRASE)
    assert made.code == 0, made.err
    assert len(made.json["key"]) == 64


def test_lock_open_run_sign_and_repeat(lienthong: Lienthong, cohort: Path, tmp_path: Path) -> None:
    evaluator(lienthong)
    place = tmp_path / "evidence" / "lock.json"
    locked = lienthong("product", "lock", "cvd-risk", "--actor", "kiem", "--to", place, env=PASSPHRASE)
    assert locked.code == 0, locked.err
    assert json.loads(place.read_text())["signature"]["signer"] == "kiem"

    words = ("product", "evaluate", "cvd-risk", "--data", cohort)
    signed = lienthong(*words, "--actor", "kiem", "--sign", "--to", tmp_path / "run.json", env=PASSPHRASE)
    assert signed.code == 0, signed.err
    run = signed.json
    assert (run["product"], run["n"], run["status"]["word"]) == ("cvd-risk", 400, "confirmatory")
    assert run["abstained"] == 8 and run["missing"] == [{"input": "hdl", "n": 8, "share": 0.02}]
    names = {"auroc", "brier", "calibration_intercept", "calibration_slope", "o_e", "ici", "net_benefit"}
    assert names <= set(run["measures"]) and set(run["measures"]["auroc"]) >= {"value", "low", "high"}
    assert {"systolic × 0.95", "total-cholesterol × 1.05"} <= {item["name"] for item in run["sensitivity"]}
    written = json.loads((tmp_path / "run.json").read_text())
    assert written["digest"] == run["digest"] and written["signature"]["signer"] == "kiem"

    again = lienthong(*words, "--actor", "kiem")
    assert again.json["digest"] == run["digest"] and again.json["status"]["word"] == "confirmatory"
    told = lienthong(*words, plain=True)
    assert "Confirmatory" in told.out and "Bound o_e (value)" in told.out and "Digest" in told.out
    assert lienthong("audit", "verify").json == {"findings": []}


def test_a_visitor_without_a_node_gets_the_same_run_and_it_explores(
    lienthong: Lienthong, cohort: Path, home: Path
) -> None:
    alone = lienthong("product", "evaluate", "cvd-risk", "--data", cohort)
    assert alone.code == 0 and not home.exists()
    assert alone.json["status"]["word"] == "exploratory" and "No lock" in alone.json["status"]["reason"]["en"]
    assert "signature" not in alone.json
    evaluator(lienthong)
    assert lienthong("product", "evaluate", "cvd-risk", "--data", cohort).json["digest"] == alone.json["digest"]


def test_what_was_opened_before_the_lock_explores(lienthong: Lienthong, cohort: Path) -> None:
    evaluator(lienthong)
    words = ("product", "evaluate", "cvd-risk", "--data", cohort, "--actor", "kiem")
    first = lienthong(*words).json["status"]
    assert first["word"] == "exploratory" and "No signed lock" in first["reason"]["en"]
    lienthong("product", "lock", "cvd-risk", "--actor", "kiem", env=PASSPHRASE)
    later = lienthong(*words).json["status"]
    assert later["word"] == "exploratory" and "opened at" in later["reason"]["en"]


def test_who_may_not_sign_and_what_is_missing_is_said(lienthong: Lienthong, cohort: Path, tmp_path: Path) -> None:
    missing = lienthong("product", "evaluate", "cvd-risk")
    assert missing.code == 5 and "biolincc" in missing.json["error"]["cure"]
    assert lienthong("product", "evaluate", "news2").code == 5
    assert lienthong("product", "evaluate", "cvd-risk", "--data", tmp_path / "none.csv").code == 5
    assert lienthong("product", "evaluate", "cvd-rsk").json["error"]["code"] == "product-unknown"
    assert (
        lienthong("product", "evaluate", "cvd-risk", "--data", cohort, "--sign").json["error"]["code"]
        == "node-missing"
    )
    staff = lienthong("user", "add", "hoa", "--display", "Hoa", "--role", "data-engineer", env=PASSPHRASE)
    assert staff.code == 0
    sign = ("product", "evaluate", "cvd-risk", "--data", cohort, "--sign", "--actor", "hoa")
    refused = lienthong(*sign, env=PASSPHRASE)
    assert (refused.code, refused.json["error"]["code"]) == (4, "evaluator-not-entitled")
    assert lienthong("user", "entitle", "hoa", "--role", "evaluator").code == 0
    assert lienthong("user", "key", "hoa", env=PASSPHRASE).code == 0
    wrong = lienthong(*sign, env={"LIENTHONG_PASSPHRASE": "sai sai sai sai"})
    assert (wrong.code, wrong.json["error"]["code"]) == (4, "passphrase-wrong")
    assert lienthong(*sign, env=PASSPHRASE).code == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("sex,", "gender,"), "cohort.csv"),
        ((",event,", ",outcome,"), "cohort.csv"),
        (("\r\nmale,", "\r\nmale,x"), "age"),
    ],
)
def test_a_file_of_another_layout_is_refused_with_its_place(
    change: tuple[str, str], where: str, lienthong: Lienthong, cohort: Path
) -> None:
    text = cohort.read_bytes().decode()
    assert change[0] in text
    cohort.write_bytes(text.replace(*change).encode())
    refused = lienthong("product", "evaluate", "cvd-risk", "--data", cohort)
    assert (refused.code, refused.json["error"]["code"]) == (2, "data-wrong")
    assert where in refused.json["error"]["where"] and refused.json["error"]["allowed"]
    cohort.write_bytes(text.encode("utf-16"))
    assert lienthong("product", "evaluate", "cvd-risk", "--data", cohort).json["error"]["code"] == "data-wrong"


def test_a_score_is_evaluated_without_calibration(lienthong: Lienthong, tmp_path: Path) -> None:
    chance = random.Random(6)
    columns = "age,respiration,spo2,oxygen,systolic,pulse,consciousness,temperature,scale-2,event"
    lines = [columns]
    for _ in range(200):
        ill = chance.random() < 0.3
        pulse, breath = chance.randint(60, 90) + 40 * ill, chance.randint(12, 20) + 6 * ill
        event = int(chance.random() < (0.6 if ill else 0.05))
        lines.append(f"60,{breath},{chance.randint(90, 99)},air,120,{pulse},alert,37.0,,{event}")
    (tmp_path / "ward.csv").write_text("\n".join(lines), "utf-8")
    done = lienthong("product", "evaluate", "news2", "--data", tmp_path / "ward.csv")
    assert done.code == 0, done.err
    run = done.json
    assert run["measures"]["auroc"]["value"] > 0.7 and "o_e" not in run["measures"]
    assert [item["threshold"] for item in run["operating"]] == [0.25, 0.35]
