"""Each concept of our small table is a standard, valid concept of that code in OHDSI's vocabulary."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest

SYSTEMS = {"http://loinc.org": "LOINC", "http://unitsofmeasure.org": "UCUM"}
# UCUM writes U/L; the vocabulary has the unit under [U]/L.
OTHER_CODES = {("UCUM", "U/L"): "[U]/L"}


def ours() -> list[dict[str, str]]:
    text = files("lienthong.terminology").joinpath("omop_concepts.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_each_code_stands_once_with_its_source() -> None:
    rows = ours()
    assert len({(row["system"], row["code"]) for row in rows}) == len(rows) >= 70
    assert all(row["source"] and row["valid_from"] and int(row["concept_id"]) > 0 for row in rows)


@pytest.mark.suite
def test_each_concept_is_the_standard_one_of_its_code(suites: Callable[[str], Path]) -> None:
    archive = next((suites("omop_eunomia_synthea27nj") / "datasets").rglob("*Parquet_5.4.zip"))
    with zipfile.ZipFile(archive) as packed:
        name = next(
            item for item in packed.namelist() if item.lower().endswith("/concept.parquet") and "__" not in item
        )
        table = pq.read_table(io.BytesIO(packed.read(name)))
    concepts = {row["concept_id"]: row for row in table.to_pylist()}
    for row in ours():
        concept = concepts[int(row["concept_id"])]
        vocabulary = SYSTEMS[row["system"]]
        code = OTHER_CODES.get((vocabulary, row["code"]), row["code"])
        assert (concept["vocabulary_id"], concept["concept_code"]) == (vocabulary, code)
        assert (concept["standard_concept"], concept["invalid_reason"]) == ("S", None)
        assert concept["domain_id"] == row["domain"] == ("Unit" if vocabulary == "UCUM" else "Measurement")
        assert concept["concept_name"] == row["name"]
