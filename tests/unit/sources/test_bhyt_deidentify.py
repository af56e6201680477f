"""Every field of every table of claims has a kind and a reason for what becomes of it in a showable copy."""

from __future__ import annotations

import csv
from pathlib import Path

import lienthong.sources.bhyt.deidentify as module
from lienthong.sources.bhyt.deidentify import KINDS, kinds

FOLDER = Path(module.__file__).parent


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text("utf-8").splitlines()))


def test_every_field_of_every_table_is_classified_once_and_nothing_else_is() -> None:
    fields = [row["field"] for row in table("deidentify.csv")]
    assert len(fields) == len(set(fields)) > 270
    assert set(fields) == {row["field"] for row in table("layouts.csv")}


def test_every_kind_is_known_has_a_reason_and_is_used() -> None:
    assert {row["kind"] for row in table("deidentify.csv")} == KINDS
    assert all(row["why"] for row in table("deidentify.csv"))


def test_dates_are_dates_and_what_is_kept_is_no_free_text() -> None:
    known = kinds()
    for row in table("layouts.csv"):
        kind = known[row["field"]]
        if row["type"] in ("date", "moment", "birth"):
            assert kind in ("date", "birth"), row["field"]
        if row["type"] == "text":
            assert kind != "kept" or row["field"] == "TT_THAU", row["field"]
        if row["type"] == "money":
            assert kind == "kept", row["field"]
