"""cvd-risk on real input, against a second and plain way through the same files: who gets a figure, and which."""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lienthong import fhir
from lienthong.core import canonical
from lienthong.products import catalogue
from lienthong.products.assessment import Assessment, Row, Why
from lienthong.products.suggestion import suggest
from lienthong.warehouse import run_view

AS_OF = date(2026, 11, 23)
VIEWS = Path(fhir.__file__).parent.parent / "warehouse" / "views"

pytestmark = pytest.mark.suite


def read(folder: Path, type_name: str) -> Iterator[dict[str, Any]]:
    path = folder / f"{type_name}.ndjson.gz"
    if path.exists():
        with gzip.open(path, "rb") as lines:
            for line in lines:
                yield canonical.parse(line)


@pytest.fixture(scope="module")
def folder(suites: Callable[[str], Path]) -> Path:
    return suites("synthea_r4_smart_dev100")


def as_sent(resource: dict[str, Any]) -> dict[str, Any]:
    return resource


def local_first(resource: dict[str, Any]) -> dict[str, Any]:
    """The same with a code of the hospital's own before each code of an Observation, its parts and its answers."""
    for part in (resource, *resource.get("component", [])):
        for name in ("code", "valueCodeableConcept"):
            if "coding" in part.get(name, {}):
                part[name]["coding"].insert(0, {"system": "http://hospital.test/codes", "code": "8480-6"})
    return resource


@pytest.fixture(scope="module")
def assessments(folder: Path) -> dict[str, Assessment]:
    return assessed(folder, as_sent)


def assessed(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Assessment]:
    """What the product says about each Patient, through its recipe over the warehouse's views."""
    product = catalogue.load("cvd-risk")
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA views; CREATE SCHEMA record")
        for path in sorted(VIEWS.glob("*.json")):
            view = canonical.parse(path.read_bytes())
            arrow = run_view(view, (change(item) for item in read(folder, view["resource"])))
            connection.register("given", arrow)
            connection.execute(f"CREATE TABLE views.{view['name']} AS SELECT * FROM given")
        empty = pa.table({"patient": pa.array([], pa.string()), "person": pa.array([], pa.string())})
        for name, arrow in (
            ("membership", empty),
            ("product_code", pa.Table.from_pylist([dict(row) for row in product.recipe.tables["product_code"]])),
        ):
            connection.register("given", arrow)
            connection.execute(f"CREATE TABLE record.{name} AS SELECT * FROM given")
        rows = [Row(**row) for row in connection.sql(product.recipe.sql).to_arrow_table().to_pylist()]
    return {person: product.assess(list(of), AS_OF) for person, of in groupby(rows, key=lambda row: row.person)}


def codes(concept: dict[str, Any]) -> set[str]:
    return {coding["code"] for coding in concept.get("coding", [])}


DRUGS: tuple[str, ...] = (
    "hydrochlorothiazide",
    "amlodipine",
    "verapamil",
    "metoprolol",
    "furosemide",
    "lasix",
    "captopril",
    "atenolol",
)
DRUGS += ("lisinopril", "losartan")
DISEASES = {"22298006", "399211009", "53741008", "230690007", "88805009", "410429000", "429007001"}
DIABETES = {"44054006", "422034002", "127013003", "368581000119106"}


def plainly(folder: Path) -> dict[str, float | None]:
    """The risk of each Patient worked out once more from the files alone, in floats; None where there is none."""
    patients = {item["id"]: item for item in read(folder, "Patient")}
    newest: dict[str, dict[str, tuple[str, Any]]] = {key: {} for key in patients}
    for item in read(folder, "Observation"):
        key, day = item["subject"]["reference"].partition("/")[2], item["effectiveDateTime"][:10]
        found: dict[str, Any] = {}
        for part in [item, *item.get("component", [])]:
            for code in codes(part["code"]) & {"8480-6", "2093-3", "2085-9"}:
                found[code] = float(part["valueQuantity"]["value"])
        if "72166-2" in codes(item["code"]):
            found["72166-2"] = "449868002" in codes(item["valueCodeableConcept"])
        for code, value in found.items():
            if day >= newest[key].get(code, ("", None))[0]:
                newest[key][code] = (day, value)
    conditions: dict[str, set[str]] = {key: set() for key in patients}
    for item in read(folder, "Condition"):
        conditions[item["subject"]["reference"].partition("/")[2]] |= codes(item["code"])
    orders: dict[str, list[tuple[str, str]]] = {key: [] for key in patients}
    for item in read(folder, "MedicationRequest"):
        if any(drug in item["medicationCodeableConcept"]["text"].lower() for drug in DRUGS):
            orders[item["subject"]["reference"].partition("/")[2]].append((item["status"], item["authoredOn"][:10]))
    return {key: _risk(patient, newest[key], conditions[key], orders[key]) for key, patient in patients.items()}


def _risk(
    patient: dict[str, Any],
    newest: dict[str, tuple[str, Any]],
    conditions: set[str],
    orders: list[tuple[str, str]],
) -> float | None:
    if "deceasedDateTime" in patient or conditions & DISEASES or len(newest) < 4:
        return None
    (sbp_day, sbp), (tc_day, tc), (hdl_day, hdl), (smoke_day, smoker) = (
        newest[code] for code in ("8480-6", "2093-3", "2085-9", "72166-2")
    )
    index = date.fromisoformat(max(sbp_day, tc_day, hdl_day))
    born = date.fromisoformat(patient["birthDate"])
    age = index.year - born.year - ((index.month, index.day) < (born.month, born.day))
    aged = [(index - date.fromisoformat(day)).days for day in (sbp_day, tc_day, hdl_day, smoke_day)]
    if not 30 <= age <= 74 or aged[0] > 730 or max(aged[1:]) > 1826:
        return None
    if not (90 <= sbp <= 200 and 100 <= tc <= 405 and 10 <= hdl <= 100):
        return None
    treated = any(
        day <= index.isoformat() and (status == "active" or (index - date.fromisoformat(day)).days <= 180)
        for status, day in orders
    )
    diabetes = bool(conditions & DIABETES)
    if patient["gender"] == "female":
        score = 2.32888 * math.log(age) + 1.20904 * math.log(tc) - 0.70833 * math.log(hdl)
        score += (2.82263 if treated else 2.76157) * math.log(sbp) + 0.52873 * smoker + 0.69154 * diabetes
        return float(1 - 0.95012 ** math.exp(score - 26.1931))
    score = 3.06117 * math.log(age) + 1.12370 * math.log(tc) - 0.93263 * math.log(hdl)
    score += (1.99881 if treated else 1.93303) * math.log(sbp) + 0.65451 * smoker + 0.57367 * diabetes
    return float(1 - 0.88936 ** math.exp(score - 23.9802))


def test_every_figure_equals_the_second_way(folder: Path, assessments: dict[str, Assessment]) -> None:
    plain = plainly(folder)
    assert set(assessments) == set(plain)
    for key, risk in plain.items():
        found = assessments[key].risk
        assert (found is None) is (risk is None), key
        if found is not None and risk is not None:
            assert abs(float(found) - risk) < 0.00005001, key


def test_a_standard_code_is_found_behind_a_local_one(folder: Path, assessments: dict[str, Assessment]) -> None:
    found = assessed(folder, local_first)
    assert {key: item.risk for key, item in found.items()} == {key: item.risk for key, item in assessments.items()}


def test_every_patient_is_accounted_for(assessments: dict[str, Assessment]) -> None:
    count = Counter(item.abstention.why if item.abstention else "figure" for item in assessments.values())
    assert count == {"figure": 40, Why.DECEASED: 26, Why.MISSING: 25, Why.AGE_OUT_OF_RANGE: 5, Why.EXCLUDED: 4}


def test_every_suggestion_is_valid_and_names_its_inputs(folder: Path, assessments: dict[str, Assessment]) -> None:
    known = {
        f"{type_name}/{item['id']}"
        for type_name in ("Patient", "Observation", "Condition", "MedicationRequest")
        for item in read(folder, type_name)
    }
    product = catalogue.load("cvd-risk")
    for assessment in assessments.values():
        if assessment.risk is not None:
            resource = suggest(product, assessment)
            assert fhir.validate(resource, advice=False) == []
            assert {item["reference"] for item in resource["basis"]} <= known
            assert len(resource["basis"]) >= 4
